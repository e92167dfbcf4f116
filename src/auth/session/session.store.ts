import type { AuthEvent } from '../../audit/auth-event.js';
import type { EndReason, NewSession, SeenSession, Session, SessionChange } from './session.js';

/**
 * Where sessions live. The methods are the steps of the protocol, each atomic and durable when it resolves; an
 * event is written in the transaction of what it tells.
 *
 * Every method fails with `StoreUnavailable` where the store cannot be asked or its answer was lost, and the
 * caller then does not know whether the step happened. `test/auth/session-store.contract.ts` is what an
 * implementation has to pass.
 *
 * @example A rotation is decided on a copy and judged by the store:
 * ```ts
 * const decision = decide(familyOf(session), presented, now, policy);
 * if (decision.kind === 'rotate') {
 *   const superseded = writeSuperseded(decision.next.superseded);
 *   if (!(await store.move(session, { ...session, ...decision.next, superseded }, null))) {
 *     // another request was faster: read again, decide again
 *   }
 * }
 * ```
 */
export abstract class SessionStore {
  /**
   * Begins a session. Where the user may only have `maxSessions`, the oldest give way.
   *
   * @returns the ids of those that gave way; `null`, and nothing is written, where the user has been disabled or
   * has logged out everywhere since he was read
   */
  abstract open(
    session: NewSession,
    maxSessions: number | null,
    event: AuthEvent,
  ): Promise<readonly string[] | null>;

  abstract find(ownerId: string, sessionId: string): Promise<Session | null>;

  /** @returns the id of the session that a token issued elsewhere stands for */
  abstract findImported(ownerId: string, tokenHash: string): Promise<string | null>;

  /**
   * Compare-and-set: moves the session from the tip that the caller saw to the next, if it still is at that tip with
   * the same past (`superseded`), active, and its user and project are too.
   *
   * @returns whether it moved
   */
  abstract move(seen: SeenSession, next: SessionChange, event: AuthEvent | null): Promise<boolean>;

  /**
   * Ends one session; as `expired` only what is so at `now`, and as `reused` only what still is as the caller saw it,
   * since a refresh may have changed it meanwhile.
   *
   * @returns whether it was active
   */
  abstract end(seen: SeenSession, reason: EndReason, now: number, event: AuthEvent | null): Promise<boolean>;

  /** The sessions of a user that are alive at `now`, newest first. */
  abstract list(ownerId: string, userId: string, now: number): Promise<readonly Session[]>;

  /** Ends a user's other sessions. @returns the ids of those that were alive */
  abstract endOthers(keep: Session, now: number, event: AuthEvent): Promise<readonly string[]>;

  /**
   * Ends all that a user has by moving his `valid_after`, however many they are.
   *
   * @returns how many were alive
   */
  abstract endAll(ownerId: string, userId: string, now: number, event: AuthEvent): Promise<number>;

  /** Deletes at most `limit` sessions that expired before `before`. @returns how many */
  abstract purge(before: number, limit: number): Promise<number>;
}

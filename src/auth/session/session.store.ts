import type { AuthEvent } from '../../audit/auth-event.js';
import type { SqlTransaction } from '../../database/sql-database.js';
import type { EndReason, NewSession, SeenSession, Session, SessionChange } from './session.js';

/** How many sessions a user may have that are alive; `null` is unlimited. */
export interface SessionLimits {
  readonly perUser: number | null;
  /** With the `clientId` of the new session. */
  readonly perClient: number | null;
  /** `replace`: the oldest sessions give way to the new one. `refuse`: the new one is not opened. */
  readonly whenFull: 'replace' | 'refuse';
}

export const UNLIMITED: SessionLimits = { perUser: null, perClient: null, whenFull: 'replace' };

/**
 * Further writes in the transaction that opens a session.
 *
 * @returns `false` if they are no longer possible; it has then written nothing, and the session is not opened
 */
export type Alongside = (transaction: SqlTransaction) => Promise<boolean>;

/** The outcome of {@link SessionStore.open}; only `opened` has written anything. */
export type Opening =
  | { readonly kind: 'opened'; readonly replaced: readonly string[] }
  /** Or what was to be written alongside is no longer possible. */
  | { readonly kind: 'user-changed' }
  | { readonly kind: 'full' };

/**
 * Stores sessions. Each method is one step of the protocol, atomic, and durable when it resolves; an event is written in
 * the transaction of the change that it records.
 *
 * Every method fails with `StoreUnavailable` if the store cannot be reached or its answer was lost; the caller then
 * does not know whether the step happened. Every implementation must pass `test/auth/session-store.contract.ts`.
 *
 * @example A rotation is decided on a copy, and the store has the last word:
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
/** Some of the sessions of a list. */
export interface SessionPage {
  readonly limit: number;
  /** The session before the first one of the page; `null` for the first page. */
  readonly after: Pick<Session, 'createdAt' | 'id'> | null;
}

export abstract class SessionStore {
  /**
   * Opens a session, unless the user has been disabled or logged out everywhere since it was read, or has as many
   * sessions as allowed.
   *
   * @param passwordHash as it was verified: the session is not opened if the password has been changed since then
   */
  abstract open(
    session: NewSession,
    limits: SessionLimits,
    event: AuthEvent,
    alongside?: Alongside | null,
    passwordHash?: string,
  ): Promise<Opening>;

  abstract find(ownerId: string, sessionId: string): Promise<Session | null>;

  /** @returns the id of the session that a token issued elsewhere stands for */
  abstract findImported(ownerId: string, tokenHash: string): Promise<string | null>;

  /**
   * Compare-and-set: moves the session from the tip that the caller saw to the next one, if the row still has that tip
   * and the same `superseded`, and session, user and project are active.
   *
   * @returns whether it moved
   */
  abstract move(seen: SeenSession, next: SessionChange, event: AuthEvent | null): Promise<boolean>;

  /**
   * Ends one session. The reason `expired` requires that it has expired at `now`, and `reused` that the row is still as
   * the caller saw it, since a refresh may have changed it meanwhile.
   *
   * @returns whether it was active
   */
  abstract end(seen: SeenSession, reason: EndReason, now: number, event: AuthEvent | null): Promise<boolean>;

  /** The sessions of a user that are alive at `now`, newest first: all, or those of one page. */
  abstract list(
    ownerId: string,
    userId: string,
    now: number,
    page?: SessionPage,
  ): Promise<readonly Session[]>;

  /** Ends a user's other sessions. @returns the ids of those that were alive */
  abstract endOthers(keep: Session, now: number, event: AuthEvent): Promise<readonly string[]>;

  /**
   * Ends all sessions of a user, and moves the user's `valid_after`, so that a login under way is refused as well.
   *
   * @returns the ids of those that were alive
   */
  abstract endAll(
    ownerId: string,
    userId: string,
    reason: EndReason,
    now: number,
    event: AuthEvent,
  ): Promise<readonly string[]>;

  /** Deletes at most `limit` sessions that expired before `before`. @returns how many */
  abstract purge(before: number, limit: number): Promise<number>;
}

import { createHash } from 'node:crypto';

/** A digest that represents a token: unlike a token, a history may be printed, stored and shared. */
export type Fingerprint = string;

export function fingerprint(token: string): Fingerprint {
  return createHash('sha256').update(token).digest('base64url').slice(0, 22);
}

/**
 * Who sent a request. `honest`: a client that keeps the newest answer. `thief`: presents any token that was ever issued,
 * as the holder of a copy or a proxy that repeats old requests. `forger`: presents a token that was never issued, or
 * was issued to another project. `keyless`: has a token of a session that is bound to a key, but not the key.
 * `stranger`: has a token of a confidential client's session, but not the client's secret.
 */
export type Actor = 'honest' | 'thief' | 'forger' | 'keyless' | 'stranger';

/** The tokens that a login or refresh issued. */
export interface Grant {
  readonly refreshToken: Fingerprint;
  readonly tokenSeq: number;
  /** Claim `owner_id` of the access token. */
  readonly ownerId: string;
  /** Claim `id` of the access token. */
  readonly userId: string;
  /** Claim `sid` of the access token. */
  readonly sessionId: string;
  /** `timeStamp` and `expires` of a documented answer: when the session began, and its absolute end. */
  readonly began?: number;
  readonly expires?: string;
}

export interface Answer {
  readonly status: number;
  readonly errorCode: string | null;
  readonly grant?: Grant;
  /** Why the body violates the API's contract; absent if it does not. */
  readonly malformed?: string;
}

/** A request before it is sent. */
export interface Call {
  readonly kind: 'login' | 'refresh' | 'revoke';
  readonly actor: Actor;
  readonly chain: number;
  readonly process: number;
  /** The project that the request names, and the user of the chain. */
  readonly project: string;
  readonly user: string;
  /** The presented refresh token (refresh, revocation by token). */
  readonly presented?: Fingerprint;
  /** The session to end (revocation by session id). */
  readonly session?: string;
  /** The scope of a revocation; `user` ends all sessions of the user. */
  readonly reach?: 'session' | 'user';
  /** `oauth`: at a standard endpoint; absent: a documented call. */
  readonly via?: 'oauth' | undefined;
  /** Sent after the last fault with every process up, so it must be answered. */
  readonly afterFaults?: boolean;
}

/**
 * One request. Times are ns of the driver's monotonic clock, and no two are equal: `a.answeredAt < b.invokedAt` means
 * that a ended before b began. Without `answeredAt` there was no answer, and the request may have taken effect at any
 * time after `invokedAt`, or never.
 */
export interface Operation extends Call {
  readonly id: number;
  readonly invokedAt: number;
  answeredAt?: number;
  answer?: Answer;
  /** When the driver gave up, and why (its own socket destroyed, connection reset, ...). */
  lostAt?: number;
  lostBy?: string;
}

/** Collects the history of one driver process. */
export class Recorder {
  readonly operations: Operation[] = [];
  /** Number of answered requests. */
  answers = 0;
  private readonly origin = process.hrtime.bigint();
  private last = 0;

  now(): number {
    // relative to the start to stay exact in a double; incremented on ties to give a total order
    this.last = Math.max(Number(process.hrtime.bigint() - this.origin), this.last + 1);
    return this.last;
  }

  invoke(call: Call): Operation {
    const operation: Operation = { ...call, id: this.operations.length, invokedAt: this.now() };
    this.operations.push(operation);
    return operation;
  }

  answered(operation: Operation, answer: Answer): void {
    operation.answeredAt = this.now();
    operation.answer = answer;
    this.answers += 1;
  }

  lost(operation: Operation, reason: string): void {
    operation.lostAt = this.now();
    operation.lostBy = reason;
  }
}

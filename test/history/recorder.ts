import { createHash } from 'node:crypto';

/** A digest that stands for a token: a history may be printed, kept and mailed, a token may not. */
export type Fingerprint = string;

export function fingerprint(token: string): Fingerprint {
  return createHash('sha256').update(token).digest('base64url').slice(0, 22);
}

/**
 * Who sent a request. `honest`: a client that keeps the newest answer. `thief`: whoever presents any token that was
 * ever issued: the holder of a copy, or a proxy that repeats old requests. `forger`: sends what was never issued, or what was issued to another project.
 */
export type Actor = 'honest' | 'thief' | 'forger';

/** What a login or refresh handed out. */
export interface Grant {
  readonly refreshToken: Fingerprint;
  readonly tokenSeq: number;
  /** Claim `owner_id` of the access token. */
  readonly ownerId: string;
  /** Claim `id` of the access token. */
  readonly userId: string;
  /** Claim `sid` of the access token. */
  readonly sessionId: string;
  /** `timeStamp` and `expires` of the answer: when the session began, and its absolute end. */
  readonly began: number;
  readonly expires: string;
}

export interface Answer {
  readonly status: number;
  readonly errorCode: string | null;
  readonly grant?: Grant;
  /** Why the body is not what the API promises; absent when it is. */
  readonly malformed?: string;
}

/** What is known of a request before it is sent. */
export interface Call {
  readonly kind: 'login' | 'refresh' | 'revoke';
  readonly actor: Actor;
  readonly chain: number;
  readonly process: number;
  /** The project in whose name it is sent, and the user whom the chain belongs to. */
  readonly project: string;
  readonly user: string;
  /** The refresh token that is presented (refresh, revocation by token). */
  readonly presented?: Fingerprint;
  /** The session that is ended (revocation by session id). */
  readonly session?: string;
  /** A revocation's reach; `user` ends every session of the user. */
  readonly reach?: 'session' | 'user';
  /** Sent after the last fault, when every process is up: must be answered. */
  readonly afterFaults?: boolean;
}

/**
 * One request. Times are nanoseconds of the driver's own monotonic clock, and no two are equal: `a.answeredAt <
 * b.invokedAt` means that a had ended before b began. Without `answeredAt` no answer came, and the request may have
 * taken effect at any time after `invokedAt`, or never.
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
  /** How many of them were answered. */
  answers = 0;
  private readonly origin = process.hrtime.bigint();
  private last = 0;

  now(): number {
    // relative to the start, so that it stays exact in a double; bumped, so that it is a total order
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

/** What is worth keeping: never a token, a password or a key. */
export type AuthEventKind =
  | 'login'
  | 'shared'
  | 'evicted'
  | 'displaced'
  | 'advanced'
  | 'imported'
  | 'reused'
  | 'revoked'
  | 'logged-out';

/** A line of the audit trail, written in the transaction of what it tells. */
export interface AuthEvent {
  readonly kind: AuthEventKind;
  /** ms since the epoch */
  readonly at: number;
  readonly ownerId: string;
  readonly userId: string;
  /** `null`: all sessions of the user. */
  readonly sessionId: string | null;
  readonly detail: Readonly<Record<string, string | number | null>>;
}

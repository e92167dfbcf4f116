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
  | 'logged-out'
  | AdministrationEventKind;

/** What an administrator did. */
export type AdministrationEventKind =
  | 'project-added'
  | 'project-changed'
  | 'project-disabled'
  | 'project-enabled'
  | 'verify-key-changed'
  | 'signing-key-published'
  | 'signing-key-promoted'
  | 'signing-key-demoted'
  | 'signing-key-retired'
  | 'system-added'
  | 'system-removed'
  | 'user-added'
  | 'user-changed'
  | 'user-disabled'
  | 'user-enabled'
  | 'password-set'
  | 'areas-imported'
  | 'sessions-imported';

/** A line of the audit trail, written in the transaction of what it tells. */
export interface AuthEvent {
  readonly kind: AuthEventKind;
  /** ms since the epoch */
  readonly at: number;
  /** Empty: it concerns all projects. */
  readonly ownerId: string;
  /** Whom it concerns; empty: no one user. */
  readonly userId: string;
  /** `null`: all sessions of the user. */
  readonly sessionId: string | null;
  readonly detail: Readonly<Record<string, string | number | null>>;
}

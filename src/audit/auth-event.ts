/** What a user's client caused, in a session or while signing in. */
const SESSION_EVENT_KINDS = [
  'login',
  'login-failed',
  'login-locked',
  'shared',
  'evicted',
  'displaced',
  'advanced',
  'imported',
  'reused',
  'revoked',
  'logged-out',
  'password-changed',
  'second-factor-enrolled',
  'second-factor-removed',
  'second-factor-recovery-code-used',
] as const;

export type SessionEventKind = (typeof SESSION_EVENT_KINDS)[number];

/** What an administrator did. */
const ADMINISTRATION_EVENT_KINDS = [
  'project-added',
  'project-changed',
  'project-disabled',
  'project-enabled',
  'verify-key-changed',
  'signing-key-published',
  'signing-key-promoted',
  'signing-key-demoted',
  'signing-key-retired',
  'client-added',
  'client-changed',
  'client-secret-rotated',
  'client-removed',
  'system-added',
  'system-removed',
  'user-added',
  'user-changed',
  'user-disabled',
  'user-enabled',
  'user-deleted',
  'user-unlocked',
  'password-set',
  'second-factor-reset',
  'login-granted',
  'areas-imported',
  'session-imported',
  // One event for a whole batch, as earlier versions wrote it.
  'sessions-imported',
  'demo-removed',
  'event-chain-restarted',
] as const;

export type AdministrationEventKind = (typeof ADMINISTRATION_EVENT_KINDS)[number];

/** All kinds of events in the audit trail. */
export const EVENT_KINDS = [...SESSION_EVENT_KINDS, ...ADMINISTRATION_EVENT_KINDS] as const;
export type AuthEventKind = (typeof EVENT_KINDS)[number];

/** Never a token, a password or a key. */
export type EventDetail = Readonly<Record<string, string | number | null>>;

/** One line of the audit trail, written in the transaction of the change that it records. */
export interface AuthEvent {
  readonly kind: AuthEventKind;
  /** ms since the epoch */
  readonly at: number;
  /** Empty: the event concerns all projects. */
  readonly ownerId: string;
  /** The user that the event concerns; empty: no single user. */
  readonly userId: string;
  /** `null`: all sessions of the user, or none in particular. */
  readonly sessionId: string | null;
  readonly detail: EventDetail;
}

/** The request that caused an event. */
interface Origin {
  readonly ip: string;
  readonly requestId: string;
}

/** An event that a client caused; `id` is `null` for all sessions of the user, and for none in particular. */
export function sessionEvent(
  kind: SessionEventKind,
  origin: Origin,
  session: { readonly ownerId: string; readonly userId: string; readonly id: string | null },
  at: number,
  detail: EventDetail = {},
): AuthEvent {
  return {
    kind,
    at,
    ownerId: session.ownerId,
    userId: session.userId,
    sessionId: session.id,
    detail: { ip: origin.ip, requestId: origin.requestId, ...detail },
  };
}

/** The administrator who caused an event, and the request; what is unknown is left out of the detail. */
interface Actor {
  readonly kind: string;
  readonly userId: string | null;
  readonly clientId?: string;
  readonly ip: string | null;
  readonly requestId: string | null;
}

/** An event that an administrator caused. */
export function administrationEvent(
  kind: AdministrationEventKind | 'logged-out' | 'revoked',
  actor: Actor,
  subject: { readonly ownerId: string; readonly userId?: string; readonly sessionId?: string },
  at: number,
  detail: EventDetail = {},
): AuthEvent {
  return {
    kind,
    at,
    ownerId: subject.ownerId,
    userId: subject.userId ?? '',
    sessionId: subject.sessionId ?? null,
    detail: {
      by: actor.kind,
      ...(actor.userId !== null && { byUserId: actor.userId }),
      ...(actor.clientId !== undefined && { byClientId: actor.clientId }),
      ...(actor.ip !== null && { ip: actor.ip }),
      ...(actor.requestId !== null && { requestId: actor.requestId }),
      ...detail,
    },
  };
}

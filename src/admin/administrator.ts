import type { AdministrationEventKind, AuthEvent } from '../audit/auth-event.js';
import { errors } from '../response/error/error-catalogue.js';

/** Who administers, and how far: always the first argument, so that no operation is without one. */
export interface Administrator {
  readonly kind: 'operator' | 'developer' | 'command-line';
  /** The one project that a developer administers; `null`: all of them. */
  readonly ownerId: string | null;
  readonly userId: string | null;
  readonly ip: string | null;
  readonly requestId: string | null;
}

/** Whoever can read the database and its keys may do everything; the operating system judges who that is. */
export const COMMAND_LINE: Administrator = {
  kind: 'command-line',
  ownerId: null,
  userId: null,
  ip: null,
  requestId: null,
};

/**
 * A developer is told the same of a foreign project and of one that does not exist.
 *
 * @throws ADMIN_FORBIDDEN
 */
export function assertAdministers(administrator: Administrator, ownerId: string): void {
  if (administrator.ownerId !== null && administrator.ownerId !== ownerId)
    throw errors.ADMIN_FORBIDDEN({ detail: 'a developer of another project' });
}

/** For what concerns more than one project, or whether a project exists at all. @throws ADMIN_FORBIDDEN */
export function assertPlatform(administrator: Administrator): void {
  if (administrator.ownerId !== null)
    throw errors.ADMIN_FORBIDDEN({
      text: 'This takes the operator of the platform.',
      detail: 'a developer of a project',
    });
}

/** What was done to, as far as it is one of these. */
interface Subject {
  readonly ownerId: string;
  readonly userId?: string;
  readonly sessionId?: string;
}

/** @param detail never a password or a key */
export function administrationEvent(
  kind: AdministrationEventKind | 'logged-out' | 'revoked',
  administrator: Administrator,
  subject: Subject,
  at: number,
  detail: AuthEvent['detail'] = {},
): AuthEvent {
  return {
    kind,
    at,
    ownerId: subject.ownerId,
    userId: subject.userId ?? '',
    sessionId: subject.sessionId ?? null,
    detail: {
      by: administrator.kind,
      ...(administrator.userId !== null && { byUserId: administrator.userId }),
      ...(administrator.ip !== null && { ip: administrator.ip }),
      ...(administrator.requestId !== null && { requestId: administrator.requestId }),
      ...detail,
    },
  };
}

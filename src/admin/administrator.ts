import { errors } from '../response/error/error-catalogue.js';

/** Who acts, and on which projects. The first argument of every administration operation. */
export interface Administrator {
  readonly kind: 'operator' | 'developer' | 'client' | 'command-line';
  /** The project of a developer or a client; `null`: all projects. */
  readonly ownerId: string | null;
  readonly userId: string | null;
  /** The OAuth client of a `client`, which may only grant sessions: see `GrantGuard`. */
  readonly clientId?: string;
  readonly ip: string | null;
  readonly requestId: string | null;
}

/** The command line may do everything: its user can read the database and the keys anyway. */
export const COMMAND_LINE: Administrator = {
  kind: 'command-line',
  ownerId: null,
  userId: null,
  ip: null,
  requestId: null,
};

/**
 * A developer gets the same answer for another project and for one that does not exist.
 *
 * @throws ADMIN_FORBIDDEN
 */
export function assertAdministers(administrator: Administrator, ownerId: string): void {
  if (administrator.ownerId !== null && administrator.ownerId !== ownerId)
    throw errors.ADMIN_FORBIDDEN({ detail: `a ${administrator.kind} of another project` });
}

/** For operations on more than one project, and for creating, disabling and enabling one. @throws ADMIN_FORBIDDEN */
export function assertPlatform(administrator: Administrator): void {
  if (administrator.ownerId !== null)
    throw errors.ADMIN_FORBIDDEN({
      text: 'This takes the operator of the platform.',
      detail: 'a developer of a project',
    });
}

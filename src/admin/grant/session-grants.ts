import { Injectable } from '@nestjs/common';
import { administrationEvent } from '../../audit/auth-event.js';
import { type Client, storedUserAgent } from '../../auth/client.js';
import { SessionOpening } from '../../auth/login/session-opening.js';
import type { TokenGrant } from '../../auth/token-grant.js';
import { errors } from '../../response/error/error-catalogue.js';
import type { Prepared } from '../../response/prepared.js';
import { ProjectDirectory } from '../../tenancy/project/project-directory.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import { type Administrator, assertAdministers, assertPlatform } from '../administrator.js';
import type { GrantRequest } from './grant-input.js';

/**
 * Opens sessions of users whom the caller has authenticated by other means, such as LDAP, CAS, WeCom, DingTalk or an
 * OpenID provider.
 */
@Injectable()
export class SessionGrants {
  constructor(
    private readonly projects: ProjectDirectory,
    private readonly users: UserDirectory,
    private readonly opening: SessionOpening,
  ) {}

  /**
   * Neither a lock-out nor a second factor bars a grant: the caller answers for the user.
   *
   * @param caller the client of this request; the session is its own where the request names no other
   * @returns the tokens, always with the refresh token; the write throws SESSION_LIMIT_REACHED
   * @throws ADMIN_PROJECT_UNKNOWN, USER_UNKNOWN, USER_DISABLED
   */
  async grant(
    administrator: Administrator,
    ownerId: string,
    userId: string,
    { clientId, ip, userAgent }: GrantRequest,
    caller: Client,
  ): Promise<Prepared<TokenGrant>> {
    assertMayGrant(administrator, ownerId);
    const project = await this.projects.find(ownerId);
    if (project === null) throw errors.ADMIN_PROJECT_UNKNOWN();
    const user = await this.users.findCommitted(ownerId, userId);
    if (user === null) throw errors.USER_UNKNOWN();
    if (project.status !== 'active' || user.status !== 'active') throw errors.USER_DISABLED();
    const client: Client = {
      requestId: caller.requestId,
      ip: ip ?? caller.ip,
      userAgent: storedUserAgent(userAgent ?? caller.userAgent),
    };
    const openedFor = { project, firstShareUserId: null, secondShareUserId: null };
    const prepared = await this.opening.prepare(openedFor, user, clientId, client, {
      event: (session) =>
        administrationEvent(
          'login-granted',
          administrator,
          { ownerId, userId, sessionId: session.id },
          session.createdAt,
          { clientId: session.clientId, userIp: client.ip },
        ),
    });
    return prepared.with(prepared.data.grant);
  }
}

/** Developers may not: they would become any user of the project, unnoticed by that user. @throws ADMIN_FORBIDDEN */
function assertMayGrant(administrator: Administrator, ownerId: string): void {
  if (administrator.kind === 'client') assertAdministers(administrator, ownerId);
  else assertPlatform(administrator);
}

import { Injectable, Logger } from '@nestjs/common';
import { sessionEvent } from '../../audit/auth-event.js';
import { Clock } from '../../config/clock.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { clientNetwork } from '../../network/client-address.js';
import { errors } from '../../response/error/error-catalogue.js';
import { Prepared } from '../../response/prepared.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { TenantScope } from '../../tenancy/tenant-scope.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import { AccessTokens } from '../access-token/access-token.js';
import type { Client } from '../client.js';
import type { HashFor } from './hash-queue.js';
import { loginReports } from './login-report.js';
import { Passwords } from './password.js';
import { RefreshTokenMint } from '../refresh-token/refresh-token-mint.js';
import type { NewSession } from '../session/session.js';
import { type SessionLimits, SessionStore } from '../session/session.store.js';
import { Sessions } from '../session/sessions.js';
import { NONE_SUPERSEDED } from '../session/superseded-text.js';
import { type Granted, tokenGrant } from '../token-grant.js';

/** The credentials of a login. */
export interface Credentials {
  readonly userName: string;
  readonly password: string;
  readonly clientId?: string | undefined;
}

/** Signs a user in: opens a session and grants its first tokens. */
@Injectable()
export class Login {
  private readonly logger = new Logger(Login.name);

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly users: UserDirectory,
    private readonly scope: TenantScope,
    private readonly passwords: Passwords,
    private readonly mint: RefreshTokenMint,
    private readonly accessTokens: AccessTokens,
    private readonly store: SessionStore,
    private readonly sessions: Sessions,
  ) {}

  /**
   * @param signal aborted when the client disconnects
   * @throws CREDENTIALS_REFUSED for an unknown name, a wrong password and a disabled user alike;
   *   SESSION_LIMIT_REACHED from the commit
   */
  async login(
    tenant: Tenant,
    credentials: Credentials,
    client: Client,
    signal: AbortSignal,
  ): Promise<Prepared<Granted>> {
    const { project } = tenant;
    const { password } = credentials;
    const whom = { ownerId: project.ownerId, network: clientNetwork(client.ip) };
    const user = await this.users.findByName(project.ownerId, credentials.userName);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, password, { ...whom, signal });
    if (user === null || !matches || user.status !== 'active') {
      loginReports.publish('refused');
      const reason = user === null ? 'no such user' : matches ? user.status : 'wrong password';
      throw errors.CREDENTIALS_REFUSED({ detail: `${reason}: ${credentials.userName.slice(0, 64)}` });
    }
    await this.scope.assertWithin(tenant, user);

    const readAt = this.clock.now();
    // Not before `validAfter`: "log out everywhere" in the same millisecond must not end a later login.
    const createdAt = Math.max(readAt, user.validAfter);
    const expiresAt = createdAt + project.absoluteSeconds * 1000;
    const session: NewSession = {
      ...this.mint.newFamily(),
      ownerId: project.ownerId,
      userId: user.userId,
      clientId: credentials.clientId ?? user.clientId,
      importedTokenHash: null,
      generation: 0,
      branch: 0,
      tokenSeq: 1,
      rotatedAt: createdAt,
      createdAt,
      idleExpiresAt:
        project.idleSeconds === null ? null : Math.min(createdAt + project.idleSeconds * 1000, expiresAt),
      expiresAt,
      superseded: NONE_SUPERSEDED,
      ip: client.ip,
      userAgent: client.userAgent,
      firstShareUserId: tenant.firstShareUserId,
      secondShareUserId: tenant.secondShareUserId,
    };
    const grant = tokenGrant(
      project,
      user,
      session,
      { refreshToken: this.mint.issue(session, session), tokenSeq: session.tokenSeq },
      await this.accessTokens.sign(project, user, session, createdAt),
    );
    const open = async () => {
      const event = sessionEvent('login', client, session, createdAt, {
        clientId: session.clientId,
        firstShareUserId: session.firstShareUserId,
        secondShareUserId: session.secondShareUserId,
      });
      const opening = await this.store.open(session, limitsOf(project), event);
      // The password may have changed too: check the credentials again.
      if (opening.kind === 'user-changed') return false;
      if (opening.kind === 'full') {
        loginReports.publish('refused');
        throw errors.SESSION_LIMIT_REACHED({ detail: session.userId });
      }
      await this.sessions.forget(session.ownerId, ...opening.replaced);
      loginReports.publish('granted');
      await this.renewHash(user, password, whom);
      return true;
    };
    return new Prepared(
      { grant, expiresAt: session.expiresAt },
      { cacheType: this.database.kind, readAt },
      open,
      {
        userId: session.userId,
        sessionId: session.id,
      },
    );
  }

  /** Replaces an imported hash by one of our own. A failure is only logged: the next login tries again. */
  private async renewHash(user: User, password: string, whom: HashFor): Promise<void> {
    try {
      const renewed = await this.passwords.renew(user.passwordHash, password, whom);
      if (renewed !== null) await this.users.replaceHash(user, renewed);
    } catch (error) {
      this.logger.warn(`the password hash of ${user.userId} of ${user.ownerId} was not renewed`, error);
    }
  }
}

function limitsOf({ maxSessions, maxSessionsPerClient, whenFull }: TenantProject): SessionLimits {
  return { perUser: maxSessions, perClient: maxSessionsPerClient, whenFull };
}

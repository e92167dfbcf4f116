import { Injectable } from '@nestjs/common';
import { type AuthEvent, sessionEvent } from '../../audit/auth-event.js';
import { Clock } from '../../config/clock.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { Prepared } from '../../response/prepared.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import type { Tenant } from '../../tenancy/tenant.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { AccessTokens } from '../access-token/access-token.js';
import type { Client } from '../client.js';
import { OAuthClients } from '../oauth-client/oauth-clients.js';
import { RefreshTokenMint } from '../refresh-token/refresh-token-mint.js';
import { type NewSession, NO_TERMS, type SessionTerms } from '../session/session.js';
import { type Alongside, type SessionLimits, SessionStore } from '../session/session.store.js';
import { Sessions } from '../session/sessions.js';
import { NONE_SUPERSEDED } from '../session/superseded-text.js';
import { type Granted, tokenGrant } from '../token-grant.js';
import { loginReports } from './login-report.js';

/** Where the session belongs to, and who shared it. */
type OpenedFor = Pick<Tenant, 'project' | 'firstShareUserId' | 'secondShareUserId'>;

export interface OpeningOptions extends Partial<SessionTerms> {
  /** What else has to be written, such as that a code is used up. */
  readonly alongside?: Alongside | null;
  /** Default: those of the project. */
  readonly limits?: SessionLimits;
  /** For the audit trail. Default: a login. */
  readonly event?: (session: NewSession) => AuthEvent;
}

/** Opens a session of a user who is already authenticated, and grants its first tokens. */
@Injectable()
export class SessionOpening {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly mint: RefreshTokenMint,
    private readonly accessTokens: AccessTokens,
    private readonly store: SessionStore,
    private readonly sessions: Sessions,
    private readonly clients: OAuthClients,
  ) {}

  /**
   * @param named the client that the request names; absent: the default of the user
   * @param client who the session is for
   * @returns the tokens, and the write that opens the session; it throws SESSION_LIMIT_REACHED
   * @throws DPOP_PROOF_INVALID if the client requires a session that is bound to a key
   */
  async prepare(
    { project, firstShareUserId, secondShareUserId }: OpenedFor,
    user: User,
    named: string | undefined,
    client: Client,
    {
      alongside = null,
      limits = limitsOf(project),
      event = (session) => loginEvent(session, client),
      ...terms
    }: OpeningOptions = {},
  ): Promise<Prepared<Granted>> {
    const clientId = named ?? user.clientId;
    // A client that the request named was judged before the password; this also judges the user's own.
    if (!terms.dpopJkt && (await this.clients.requiresDpop(project.ownerId, clientId))) {
      loginReports.publish('refused');
      throw errors.DPOP_PROOF_INVALID({ detail: 'missing' });
    }
    const readAt = this.clock.now();
    // Not before `validAfter`: "log out everywhere" in the same millisecond must not end a later login.
    const createdAt = Math.max(readAt, user.validAfter);
    const expiresAt = createdAt + project.absoluteSeconds * 1000;
    const session: NewSession = {
      ...this.mint.newFamily(),
      ownerId: project.ownerId,
      userId: user.userId,
      clientId,
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
      firstShareUserId,
      secondShareUserId,
      ...NO_TERMS,
      ...terms,
    };
    const grant = tokenGrant(
      project,
      user,
      session,
      { refreshToken: this.mint.issue(session, session), tokenSeq: session.tokenSeq },
      await this.accessTokens.sign(project, user, session, session.scope, createdAt),
    );
    return new Prepared(
      { grant, expiresAt },
      { cacheType: this.database.kind, readAt },
      () => this.open(session, user, limits, event(session), alongside),
      { userId: session.userId, sessionId: session.id },
    );
  }

  /** @returns `false` if the user has changed since the credentials were checked: they must be checked again */
  private async open(
    session: NewSession,
    user: User,
    limits: SessionLimits,
    event: AuthEvent,
    alongside: Alongside | null,
  ): Promise<boolean> {
    const opening = await this.store.open(session, limits, event, alongside, user.passwordHash);
    if (opening.kind === 'user-changed') return false;
    if (opening.kind === 'full') {
      loginReports.publish('refused');
      throw errors.SESSION_LIMIT_REACHED({ detail: session.userId });
    }
    await this.sessions.forget(session.ownerId, ...opening.replaced);
    loginReports.publish('granted');
    return true;
  }
}

function loginEvent(session: NewSession, client: Client): AuthEvent {
  const { clientId, firstShareUserId, secondShareUserId } = session;
  return sessionEvent('login', client, session, session.createdAt, {
    clientId,
    firstShareUserId,
    secondShareUserId,
  });
}

function limitsOf({ maxSessions, maxSessionsPerClient, whenFull }: TenantProject): SessionLimits {
  return { perUser: maxSessions, perClient: maxSessionsPerClient, whenFull };
}

import { Injectable, Logger } from '@nestjs/common';
import { type AuthEvent, type SessionEventKind, sessionEvent } from '../../audit/auth-event.js';
import { Clock } from '../../config/clock.js';
import { errors } from '../../response/error/error-catalogue.js';
import { Prepared } from '../../response/prepared.js';
import { RaceLost } from '../../response/races.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { isNarrowed, TenantScope } from '../../tenancy/tenant-scope.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { AccessTokens } from '../access-token/access-token.js';
import type { Client } from '../client.js';
import { isGranting, type RefusingDecision } from '../refresh-token/decide.js';
import { RefreshTokenMint } from '../refresh-token/refresh-token-mint.js';
import { changed, type Session, type SessionChange } from '../session/session.js';
import { SessionStore } from '../session/session.store.js';
import { Sessions } from '../session/sessions.js';
import { type Granted, tokenGrant } from '../token-grant.js';
import {
  isShared,
  refreshAnswer,
  refreshRefusal,
  sessionChange,
  sharesOf,
  subjectOf,
} from './refresh-answer.js';
import { refreshReports, rotations } from './refresh-report.js';
import { SessionJudge } from './session-judge.js';

/**
 * Refreshes a session: judges the token, prepares the answer, and leaves the commit to the caller.
 *
 * What can fail (above all an operator's plugin) fails before the commit, while the presented token is still valid. If
 * a write finds that another request has changed the row, the refresh starts over.
 *
 * @see RFC 6749 §6, RFC 9700 §4.14
 */
@Injectable()
export class Refresh {
  private readonly logger = new Logger(Refresh.name);

  constructor(
    private readonly clock: Clock,
    private readonly users: UserDirectory,
    private readonly scope: TenantScope,
    private readonly judge: SessionJudge,
    private readonly sessions: Sessions,
    private readonly store: SessionStore,
    private readonly mint: RefreshTokenMint,
    private readonly accessTokens: AccessTokens,
  ) {}

  /**
   * @param admit called with the session once the token is known to be genuine, and before anything is decided, written
   *   or disclosed. It returns the scope of the access token, and throws if this caller must not present the session's
   *   tokens.
   * @throws what `admit` throws; REFRESH_TOKEN_EXPIRED for a token that belongs to no session, one of `SESSION_OVER_ERRORS`,
   *   REFRESH_TOKEN_SUPERSEDED, {@link RaceLost}
   */
  async refresh(
    tenant: Tenant,
    token: string,
    client: Client,
    admit: (session: Session) => Promise<string | null>,
  ): Promise<Prepared<Granted>> {
    const { project } = tenant;
    const now = this.clock.now();
    const judged = await this.judge.judge(project, token, now, Infinity);
    if (judged === null) {
      refreshReports.publish({ outcome: 'unknown' });
      throw errors.REFRESH_TOKEN_EXPIRED({ detail: 'unknown, tampered or foreign' });
    }
    const { decision } = judged;
    const session = judged.read.value;
    const scope = await admit(session);
    if (!isGranting(decision)) return this.refuse(session, decision, now, client);
    if (decision.kind === 'advance')
      this.logger.warn(
        { sessionId: session.id, reqId: client.requestId },
        'the store has lost a commit: the session was moved forward',
      );

    const answer = refreshAnswer(judged, decision);
    const user = await this.user(session);
    if (isNarrowed(tenant)) await this.scope.assertWithin(tenant, user);
    const refreshToken =
      answer.position === judged.presented ? token : this.mint.issue(session, answer.position);
    const grant = tokenGrant(
      project,
      user,
      session,
      { refreshToken, tokenSeq: answer.tokenSeq },
      await this.accessTokens.sign(project, user, session, scope, now),
    );

    const { outcome } = answer;
    const report = outcome === 'replay' ? { outcome, ageMs: now - session.rotatedAt } : { outcome };
    const subject = subjectOf(session, outcome);
    const shares = sharesOf(tenant, session);
    const change = sessionChange(session, answer.next, shares);
    if (change === null) {
      refreshReports.publish(report);
      return new Prepared({ grant, expiresAt: session.expiresAt }, judged.read, null, subject);
    }
    const kind = answer.event ?? (isShared(session, shares) ? 'shared' : null);
    const commit = async () => {
      const moved = await this.move(session, change, kind, now, client);
      refreshReports.publish(moved ? report : { outcome: 'raced' });
      return moved;
    };
    return new Prepared({ grant, expiresAt: session.expiresAt }, judged.read, commit, subject);
  }

  /**
   * Refuses the token, and first ends the session if it was reused or has expired; an expired session then stays so
   * even if the clock is set back. The end is committed although the answer is an error.
   *
   * @throws RaceLost where another request has refreshed the session since it was read, or noted a late replay
   */
  private async refuse(
    session: Session,
    decision: RefusingDecision,
    now: number,
    client: Client,
  ): Promise<never> {
    const reason = endReason(decision);
    if (reason !== null && !(await this.end(session, reason, now, client))) {
      refreshReports.publish({ outcome: 'raced' });
      throw new RaceLost();
    }
    refreshReports.publish({ outcome: decision.kind === 'refused' ? decision.reason : decision.kind });
    throw refreshRefusal(session, decision);
  }

  private async move(
    session: Session,
    change: SessionChange,
    kind: SessionEventKind | null,
    now: number,
    client: Client,
  ): Promise<boolean> {
    const event = kind === null ? null : eventOf(kind, client, changed(session, change), now);
    const began = this.clock.now();
    const moved = await rotations.run({}, () => this.store.move(session, change, event));
    if (moved) this.sessions.keep(session, change, began);
    else await this.sessions.forget(session.ownerId, session.id);
    return moved;
  }

  private async end(
    session: Session,
    reason: 'expired' | 'reused',
    now: number,
    client: Client,
  ): Promise<boolean> {
    const event = reason === 'reused' ? eventOf('reused', client, session, now) : null;
    const ended = await this.store.end(session, reason, now, event);
    await this.sessions.forget(session.ownerId, session.id);
    return ended;
  }

  /** A copy may still show a user as disabled who has been enabled since. */
  private async user(session: Session): Promise<User> {
    const { ownerId, userId } = session;
    const nearest = await this.users.find(ownerId, userId);
    const user = nearest?.status === 'active' ? nearest : await this.users.findCommitted(ownerId, userId);
    if (user?.status === 'active') return user;
    refreshReports.publish({ outcome: 'subject' });
    const detail = { detail: 'the user is gone or disabled', subject: subjectOf(session, 'subject') };
    throw user === null ? errors.REFRESH_TOKEN_EXPIRED(detail) : errors.ACCOUNT_DISABLED(detail);
  }
}

/** Why this decision ends the session, or `null` if it does not. */
function endReason(decision: RefusingDecision): 'expired' | 'reused' | null {
  if (decision.kind === 'reused') return 'reused';
  const isExpiry = decision.kind === 'refused' && ['expired', 'idle'].includes(decision.reason);
  return isExpiry ? 'expired' : null;
}

function eventOf(kind: SessionEventKind, client: Client, session: Session, at: number): AuthEvent {
  return sessionEvent(kind, client, session, at, {
    generation: session.generation,
    firstShareUserId: session.firstShareUserId,
    secondShareUserId: session.secondShareUserId,
  });
}

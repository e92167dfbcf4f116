import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../config/clock.js';
import { errors } from '../../response/error/error-catalogue.js';
import { lostRaces, MAX_ATTEMPTS } from '../../response/races.js';
import { Prepared, type Subject } from '../../response/prepared.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { assertWithinScope } from '../../tenancy/user/user-scope.js';
import { AccessTokens } from '../access-token/access-token.js';
import { type AuthEvent, type SessionEventKind, sessionEvent } from '../../audit/auth-event.js';
import type { Client } from '../client.js';
import {
  type Decision,
  decide,
  type FamilyState,
  type NextState,
  type RefreshPolicy,
} from '../refresh-token/decide.js';
import { refreshPolicy } from './refresh-policy.js';
import { type RefreshOutcome, refreshReports, rotations } from './refresh-report.js';
import { RefreshTokenMint } from '../refresh-token/refresh-token-mint.js';
import type { TokenPosition } from '../refresh-token/refresh-token.js';
import { changed, type EndReason, familyOf, type Session, type SessionChange } from '../session/session.js';
import { SessionStore } from '../session/session.store.js';
import { type PresentedSession, Sessions } from '../session/sessions.js';
import { writeSuperseded } from '../session/superseded-text.js';
import { tokenGrant, type TokenGrant } from '../token-grant.js';

/** What a refresh may change of a session but for its shares. */
type Tip = Omit<SessionChange, keyof Shares>;

type Shares = Pick<Session, 'firstShareUserId' | 'secondShareUserId'>;

/** A decision on a session that was found, and the copy that it was made on. */
interface Judged extends PresentedSession {
  readonly family: FamilyState;
  readonly decision: Decision;
}

/** What a decision answers with, and what it writes first. */
interface Answer {
  readonly position: TokenPosition;
  readonly tokenSeq: number;
  readonly next: Tip | null;
  readonly event: SessionEventKind | null;
  readonly outcome: RefreshOutcome;
}

/**
 * Refreshes a session.
 *
 * The answer is prepared first and committed last: what can fail (the plugin above all) fails while the token
 * presented is still good. A commit that finds the row moved says so, and the request begins again.
 *
 * @see RFC 6749 §6, RFC 9700 §4.14
 */
@Injectable()
export class Refresh {
  private readonly logger = new Logger(Refresh.name);

  constructor(
    private readonly clock: Clock,
    private readonly users: UserDirectory,
    private readonly sessions: Sessions,
    private readonly store: SessionStore,
    private readonly mint: RefreshTokenMint,
    private readonly accessTokens: AccessTokens,
  ) {}

  /** @throws REFRESH_TOKEN_EXPIRED, REFRESH_TOKEN_REUSED, REFRESH_TOKEN_SUPERSEDED */
  async refresh(tenant: Tenant, token: string, client: Client): Promise<Prepared<TokenGrant>> {
    const { project } = tenant;
    const now = this.clock.now();
    const judged = await this.judgeAndEnd(tenant, token, now, client);
    if (judged === null) {
      refreshReports.publish({ outcome: 'unknown' });
      throw errors.REFRESH_TOKEN_EXPIRED({ detail: 'unknown, tampered or foreign' });
    }
    const session = judged.read.value;
    const answer = this.answer(judged, client);
    const user = await this.user(session);
    assertWithinScope(tenant, user);

    const refreshToken =
      answer.position === judged.presented ? token : this.mint.issue(session, answer.position);
    const grant = tokenGrant(
      project,
      user,
      session,
      { refreshToken, tokenSeq: answer.tokenSeq },
      await this.accessTokens.sign(project, user, session, now),
    );
    const shares = sharesOf(tenant, session);
    const isShared =
      shares.firstShareUserId !== session.firstShareUserId ||
      shares.secondShareUserId !== session.secondShareUserId;
    const change = answer.next === null && !isShared ? null : changeTo(answer.next ?? session, shares);
    const kind = answer.event ?? (isShared ? 'shared' : null);
    const { outcome } = answer;
    const report = outcome === 'replay' ? { outcome, ageMs: now - session.rotatedAt } : { outcome };
    if (change === null) refreshReports.publish(report);
    const commit =
      change === null
        ? null
        : async () => {
            const moved = await this.move(session, change, kind, now, client);
            refreshReports.publish(moved ? report : { outcome: 'raced' });
            return moved;
          };
    return new Prepared(grant, judged.read, commit, subjectOf(session, outcome));
  }

  /**
   * Judges, and ends a session that is to end: what has expired stays so even if the clock is set back. Another refresh
   * may have renewed the session since it was read, or noted a late replay: then the new row is judged.
   */
  private async judgeAndEnd(
    tenant: Tenant,
    token: string,
    now: number,
    client: Client,
  ): Promise<Judged | null> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const judged = await this.judge(tenant, token, now, Infinity);
      const reason = judged === null ? null : endOf(judged.decision);
      if (judged === null || reason === null) return judged;
      if (await this.end(judged.read.value, reason, now, client)) return judged;
      refreshReports.publish({ outcome: 'raced' });
    }
    throw lostRaces();
  }

  /**
   * Decides on the nearest copy where the database has the last word anyway (a rotation) or where a stale answer
   * is allowed for a bounded time (`reuse`); everything else is decided on what is committed.
   *
   * @param maxAgeMs how old a copy may be at all: who will not carry the decision out has nobody to correct it
   */
  async judge(
    { project }: Pick<Tenant, 'project'>,
    token: string,
    now: number,
    maxAgeMs: number,
  ): Promise<Judged | null> {
    const policy = refreshPolicy(project);
    const near = await this.sessions.findNearest(project.ownerId, token, maxAgeMs);
    if (near === null) return null;
    const judged = judgedAt(near, now, policy);
    const { decision } = judged;
    const { cacheType, readAt } = near.read;
    const isCopy = cacheType === 'local' || cacheType === 'redis';
    const maySuffice =
      decision.kind === 'rotate' || (decision.kind === 'keep' && Math.abs(now - readAt) <= STALENESS_MS);
    if (!isCopy || maySuffice) return judged;
    const found = await this.sessions.findCommitted(project.ownerId, token);
    return found && judgedAt(found, now, policy);
  }

  private answer(judged: Judged, client: Client): Answer {
    const { decision, read, presented } = judged;
    const session = read.value;
    switch (decision.kind) {
      case 'keep':
        return {
          position: presented,
          tokenSeq: session.tokenSeq,
          next: decision.touch === null ? null : { ...session, idleExpiresAt: decision.touch },
          event: null,
          outcome: 'keep',
        };
      case 'rotate':
        return moved(
          'rotate',
          tip(judged, decision.next),
          isImported(session, presented) ? 'imported' : null,
        );
      case 'displace':
        return moved('displace', tip(judged, decision.next), 'displaced');
      case 'advance':
        this.logger.warn(
          { sessionId: session.id, reqId: client.requestId },
          'the store has lost a commit: the session was moved forward',
        );
        return moved('advance', tip(judged, decision.next), 'advanced');
      case 'replay':
        return {
          position: decision.successor,
          tokenSeq: decision.tokenSeq,
          next: decision.next && tip(judged, decision.next),
          event: null,
          outcome: 'replay',
        };
      case 'superseded':
        refreshReports.publish({ outcome: 'superseded' });
        throw errors.REFRESH_TOKEN_SUPERSEDED({
          retryAfter: decision.retryAfterSeconds,
          subject: subjectOf(session, 'superseded'),
        });
      case 'reused':
        refreshReports.publish({ outcome: 'reused' });
        throw errors.REFRESH_TOKEN_REUSED({
          detail: `session ${session.id}`,
          subject: subjectOf(session, 'reused'),
        });
      case 'refused':
        refreshReports.publish({ outcome: decision.reason });
        throw errors.REFRESH_TOKEN_EXPIRED({
          detail: decision.reason,
          subject: subjectOf(session, decision.reason),
        });
    }
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
    reason: EndReason & ('reused' | 'expired'),
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
    const near = await this.users.find(ownerId, userId);
    const user = near?.status === 'active' ? near : await this.users.findCommitted(ownerId, userId);
    if (user?.status === 'active') return user;
    refreshReports.publish({ outcome: 'subject' });
    throw errors.REFRESH_TOKEN_EXPIRED({
      detail: 'the user is gone or disabled',
      subject: subjectOf(session, 'subject'),
    });
  }
}

/** As what a session ends by this decision; `null`: it does not. */
function endOf(decision: Decision): 'expired' | 'reused' | null {
  if (decision.kind === 'reused') return 'reused';
  const isExpiry = decision.kind === 'refused' && ['expired', 'idle'].includes(decision.reason);
  return isExpiry ? 'expired' : null;
}

function judgedAt({ read, presented }: PresentedSession, now: number, policy: RefreshPolicy): Judged {
  const family = familyOf(read.value);
  return { read, presented, family, decision: decide(family, presented, now, policy) };
}

/** What is to be written of a decision. */
function tip({ read, family }: Judged, next: NextState): Tip {
  const seen = { list: family.superseded, text: read.value.superseded };
  return { ...next, superseded: writeSuperseded(next.superseded, seen) };
}

function subjectOf({ userId, id }: Session, outcome: RefreshOutcome): Subject {
  return { userId, sessionId: id, outcome };
}

function moved(outcome: RefreshOutcome, next: Tip, event: SessionEventKind | null): Answer {
  return { position: next, tokenSeq: next.tokenSeq, next, event, outcome };
}

/** Written out: a spread that adds fields takes V8 2 µs, a hundredth of a rotation. */
function changeTo(next: Tip, shares: Shares): SessionChange {
  return {
    generation: next.generation,
    branch: next.branch,
    rotatedAt: next.rotatedAt,
    idleExpiresAt: next.idleExpiresAt,
    superseded: next.superseded,
    tokenSeq: next.tokenSeq,
    firstShareUserId: shares.firstShareUserId,
    secondShareUserId: shares.secondShareUserId,
  };
}

/** The sharing users that the request names, and where it names none those that the session knows. */
function sharesOf(tenant: Tenant, session: Session): Shares {
  return {
    firstShareUserId: tenant.firstShareUserId ?? session.firstShareUserId,
    secondShareUserId: tenant.secondShareUserId ?? session.secondShareUserId,
  };
}

function isImported(session: Session, presented: TokenPosition): boolean {
  return session.importedTokenHash !== null && presented.generation === 0;
}

function eventOf(kind: SessionEventKind, client: Client, session: Session, at: number): AuthEvent {
  return sessionEvent(kind, client, session, at, {
    generation: session.generation,
    firstShareUserId: session.firstShareUserId,
    secondShareUserId: session.secondShareUserId,
  });
}

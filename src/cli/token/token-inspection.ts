import { Inject, Injectable } from '@nestjs/common';
import { AccessTokens } from '../../auth/access-token/access-token.js';
import { type Decision, isGranting, type Refusal, whyDead } from '../../auth/refresh-token/decide.js';
import { SessionJudge } from '../../auth/refresh/session-judge.js';
import { importedTokenHash, parseRefreshToken } from '../../auth/refresh-token/refresh-token.js';
import type { EndReason, Session } from '../../auth/session/session.js';
import { SessionStore } from '../../auth/session/session.store.js';
import { Clock } from '../../config/clock.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { ProjectDirectory } from '../../tenancy/project/project-directory.js';
import { VerifyKeySeal } from '../../tenancy/project/verify-key-seal.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import { type DecodedJwt, decodedJwt, iso, times } from './decoded-jwt.js';
import { inspectVerifyHeader } from './verify-inspection.js';

/** What a text is, what it holds, and whether it would be accepted now. */
export interface Inspection {
  readonly kind: 'access-token' | 'refresh-token' | 'imported-refresh-token' | 'verify-header' | 'unknown';
  readonly verifies: boolean;
  /** One sentence each: why it is refused, or what using it would do. */
  readonly says: readonly string[];
  readonly holds: Readonly<Record<string, unknown>>;
}

const DEAD: Readonly<Record<Exclude<Refusal, 'ended'>, string>> = {
  expired: 'Its session has reached its absolute end.',
  idle: 'Its session was not refreshed for longer than the project allows.',
  subject: 'Its user or its project is disabled.',
  'logged-out-everywhere': 'Its session began before the user was logged out everywhere.',
};

const ENDED: Readonly<Record<EndReason, string>> = {
  revoked: 'Its user has signed out of its session.',
  'logged-out': 'Its user has signed out of all sessions, or all others.',
  administrator: 'An administrator has ended its session.',
  'password-changed': 'The password of its user was changed, which ended its session.',
  'account-disabled': 'Its user was disabled, which ended its session.',
  evicted: 'A newer login has taken the place of its session.',
  expired: 'Its session has expired.',
  reused: 'Its session was ended because a copy of one of its refresh tokens was used.',
};

function whyOver({ endReason }: Session, refusal: Refusal): string {
  return refusal === 'ended' ? ENDED[endReason ?? 'revoked'] : DEAD[refusal];
}

const DECISIONS: Readonly<Record<Exclude<Decision['kind'], 'refused'>, string>> = {
  keep: 'A refresh keeps it: the project reuses refresh tokens.',
  rotate: 'It is the newest of its session: a refresh rotates it.',
  replay: 'Its successor was issued within the grace: a refresh returns the same successor again.',
  displace: 'Its successor was never used: a refresh replaces it with another one.',
  advance:
    'It is newer than what the database knows, which must have lost a commit: a refresh moves it forward.',
  superseded: 'A newer token was issued a moment ago: a refresh gets a 409, and the session does not end.',
  reused: 'It was superseded long ago: a refresh ENDS its session, as somebody seems to have a copy.',
};

/** Explains tokens without using them. */
@Injectable()
export class TokenInspection {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly store: SessionStore,
    private readonly projects: ProjectDirectory,
    private readonly judge: SessionJudge,
    private readonly accessTokens: AccessTokens,
    @Inject(CONFIG) private readonly config: Config,
    private readonly seal: VerifyKeySeal,
  ) {}

  /** @param ownerId `null`: the project is not known */
  async inspect(text: string, ownerId: string | null): Promise<Inspection> {
    const jwt = decodedJwt(text);
    if (jwt !== null) return (await this.importedToken(text, ownerId)) ?? this.accessToken(text, jwt);
    return (
      (await this.refreshToken(text)) ??
      (await this.importedToken(text, ownerId)) ??
      (ownerId === null ? unknown(text) : this.verifyHeader(text, ownerId))
    );
  }

  /** A forged token may name something that a database refuses to look up. */
  private async project(ownerId: string): Promise<TenantProject | null> {
    try {
      return await this.projects.find(ownerId);
    } catch {
      return null;
    }
  }

  private async accessToken(text: string, { header, claims }: DecodedJwt): Promise<Inspection> {
    const holds = { header, claims, ...times(claims) };
    const answer = (verifies: boolean, ...says: string[]): Inspection => ({
      kind: 'access-token',
      verifies,
      says,
      holds,
    });
    const { owner_id: ownerId, sid, iat, exp } = claims;
    if (typeof ownerId !== 'string' || typeof sid !== 'string')
      return answer(false, 'It names no project or no session, so this service did not make it.');
    const project = await this.project(ownerId);
    if (project === null) return answer(false, 'Its project is not in this database.');
    const verified = (at: number) => this.accessTokens.verify(project, text, at);
    if ((await verified(this.clock.now())) === null) {
      // A signature does not depend on the time: at the time of issue, nothing else can be wrong.
      if (typeof iat !== 'number' || (await verified(iat * 1000)) === null)
        return answer(
          false,
          `Its signature does not verify: it was signed with another key (${quoted(header['alg'])}, kid ${quoted(header['kid'])}), was damaged, or is not meant for this service.`,
        );
      const age = Math.round(this.clock.now() / 1000 - Number(exp));
      return answer(
        false,
        age >= 0
          ? `Its signature verifies, but it expired ${age} s ago.`
          : 'Its signature verifies, but it is not valid yet: the clock that made it is ahead of this one.',
      );
    }
    const session = await this.store.find(ownerId, sid);
    if (session === null) return answer(false, 'Its signature verifies, but its session is gone.');
    const dead = whyDead(session, this.clock.now());
    if (dead !== null) return answer(false, `Its signature verifies, but: ${whyOver(session, dead)}`);
    return answer(
      true,
      `It verifies for ${Math.round(Number(exp) - this.clock.now() / 1000)} s more, and its session is alive.`,
    );
  }

  /** @returns `null` for a text that names no session of this database */
  private async refreshToken(text: string): Promise<Inspection | null> {
    const parsed = parseRefreshToken(text);
    if (parsed === null) return null;
    const session = await this.session('id = $1', [parsed.familyId]);
    if (session === null) return null;
    const { generation, branch } = parsed;
    const holds = { sessionId: parsed.familyId, generation, branch, ...sessionFields(session) };
    if (this.config.peppers.get(session.pepperId) === undefined)
      return {
        kind: 'refresh-token',
        verifies: false,
        says: [
          `TOKEN_PEPPER here has no pepper ${session.pepperId}, with which its session was made: add it again.`,
        ],
        holds,
      };
    return this.judged('refresh-token', text, session, holds);
  }

  /** @returns `null` for a text that was not imported as a refresh token */
  private async importedToken(text: string, ownerId: string | null): Promise<Inspection | null> {
    const sha256 = importedTokenHash(text);
    const session =
      ownerId === null
        ? await this.session('imported_token_hash = $1', [sha256])
        : await this.session('imported_token_hash = $1 AND owner_id = $2', [sha256, ownerId]);
    if (session === null) return null;
    const holds = { sessionId: session.id, sha256, ...sessionFields(session) };
    return this.judged('imported-refresh-token', text, session, holds);
  }

  /** A session of any project, by a condition over the columns of its row. */
  private async session(condition: string, values: readonly string[]): Promise<Session | null> {
    const [row] = await this.database.all<{ id: string; owner_id: string }>(
      `SELECT id, owner_id FROM bo_auth_session WHERE ${condition}`,
      values,
    );
    return row === undefined ? null : this.store.find(row.owner_id, row.id);
  }

  private async judged(
    kind: Inspection['kind'],
    text: string,
    session: Session,
    holds: Inspection['holds'],
  ): Promise<Inspection> {
    const project = await this.projects.find(session.ownerId);
    if (project === null) return { kind, verifies: false, says: ['Its project is gone.'], holds };
    const judged = await this.judge.judgeCommitted(project, text, this.clock.now());
    if (judged === null)
      return {
        kind,
        verifies: false,
        says: [
          'It names a session of this database, but its MAC is wrong: forged, damaged, or of another pepper.',
        ],
        holds,
      };
    const { decision } = judged;
    if (decision.kind === 'refused')
      return { kind, verifies: false, says: [whyOver(judged.read.value, decision.reason)], holds };
    return { kind, verifies: isGranting(decision), says: [DECISIONS[decision.kind]], holds };
  }

  private async verifyHeader(text: string, ownerId: string): Promise<Inspection> {
    const project = await this.projects.find(ownerId);
    if (project === null)
      return {
        kind: 'verify-header',
        verifies: false,
        says: ['There is no such project: see bo-auth project list.'],
        holds: {},
      };
    return inspectVerifyHeader(project, this.seal, text, this.clock.now());
  }
}

function unknown(text: string): Inspection {
  const says =
    parseRefreshToken(text) === null
      ? [
          'It is neither an access token nor a refresh token that this database knows.',
          'If it is an XverifyApi value, name its project: --project <ownerId>.',
        ]
      : [
          'It has the form of a refresh token, but its session is not in this database: of another one, made up, or deleted.',
        ];
  return { kind: 'unknown', verifies: false, says, holds: {} };
}

function sessionFields(session: Session): Record<string, unknown> {
  return {
    ownerId: session.ownerId,
    userId: session.userId,
    clientId: session.clientId,
    pepper: session.pepperId,
    newest: { generation: session.generation, branch: session.branch, tokenSeq: session.tokenSeq },
    createdAt: iso(session.createdAt),
    rotatedAt: iso(session.rotatedAt),
    idleExpiresAt: session.idleExpiresAt === null ? null : iso(session.idleExpiresAt),
    expiresAt: iso(session.expiresAt),
    ...(session.dpopJkt !== null && { dpopKey: session.dpopJkt }),
  };
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : 'none';
}

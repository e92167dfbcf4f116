import { Injectable } from '@nestjs/common';
import { STALENESS_MS } from '../../cache/staleness.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import { type Decision, decide, type FamilyState } from '../refresh-token/decide.js';
import { familyOf } from '../session/session.js';
import { type PresentedSession, Sessions } from '../session/sessions.js';
import { refreshPolicy } from './refresh-policy.js';

/** A session that was found by a token, and what presenting that token means for it. */
export interface Judged extends PresentedSession {
  readonly family: FamilyState;
  readonly decision: Decision;
}

/**
 * Finds the session of a presented refresh token and judges the token, without carrying anything out. Both methods
 * return `null` for a token that is unknown, tampered with or another project's.
 */
@Injectable()
export class SessionJudge {
  constructor(private readonly sessions: Sessions) {}

  /**
   * Judges on the nearest copy where the database has the last word anyway (a rotation), or where a stale answer is
   * allowed for a bounded time (`reuse`). Every other decision is made on the committed row.
   *
   * @param maxAgeMs how old a copy may be. `Infinity` is for a caller that carries the decision out, as the
   *   compare-and-set corrects it; nothing corrects a caller that only reports it.
   */
  async judge(project: TenantProject, token: string, now: number, maxAgeMs: number): Promise<Judged | null> {
    const nearest = await this.sessions.findNearest(project.ownerId, token, maxAgeMs);
    if (nearest === null) return null;
    const judged = judgedAt(nearest, project, now);
    const { decision } = judged;
    const { cacheType, readAt } = nearest.read;
    const isCopy = cacheType === 'local' || cacheType === 'redis';
    const copySuffices =
      decision.kind === 'rotate' || (decision.kind === 'keep' && Math.abs(now - readAt) <= STALENESS_MS);
    return !isCopy || copySuffices ? judged : this.judgeCommitted(project, token, now);
  }

  /** Judges on the committed row. */
  async judgeCommitted(project: TenantProject, token: string, now: number): Promise<Judged | null> {
    const found = await this.sessions.findCommitted(project.ownerId, token);
    return found && judgedAt(found, project, now);
  }
}

function judgedAt({ read, presented }: PresentedSession, project: TenantProject, now: number): Judged {
  const family = familyOf(read.value);
  return { read, presented, family, decision: decide(family, presented, now, refreshPolicy(project)) };
}

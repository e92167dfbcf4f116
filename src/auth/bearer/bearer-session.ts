import { Injectable } from '@nestjs/common';
import { Clock } from '../../config/clock.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import type { AccessTokenClaims } from '../access-token/access-token.js';
import { type Refusal, whyDead } from '../refresh-token/decide.js';
import type { Session } from '../session/session.js';
import { Sessions } from '../session/sessions.js';

/** The session of an access token, and why it is over; `null` if it is alive. */
export interface BearerSession {
  readonly session: Session;
  readonly refusal: Refusal | null;
}

/** Finds the session of an access token: its tokens stop working when the session ends. */
@Injectable()
export class BearerSessions {
  constructor(
    private readonly clock: Clock,
    private readonly sessions: Sessions,
  ) {}

  /** @returns `null` if the token belongs to another project, or its session was deleted long after its end */
  async find(project: TenantProject, claims: AccessTokenClaims): Promise<BearerSession | null> {
    if (claims.owner_id !== project.ownerId) return null;
    const session = (await this.sessions.nearest(project.ownerId, claims.sid, STALENESS_MS))?.value;
    if (session === undefined || session.userId !== claims.id) return null;
    return { session, refusal: whyDead(session, this.clock.now()) };
  }
}

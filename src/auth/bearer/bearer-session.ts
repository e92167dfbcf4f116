import { Injectable } from '@nestjs/common';
import { Clock } from '../../config/clock.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import type { AccessTokenClaims } from '../access-token/access-token.js';
import { whyDead } from '../refresh-token/decide.js';
import type { Session } from '../session/session.js';
import { Sessions } from '../session/sessions.js';

/** Finds the session of an access token: its tokens stop working when the session ends. */
@Injectable()
export class BearerSessions {
  constructor(
    private readonly clock: Clock,
    private readonly sessions: Sessions,
  ) {}

  /** @returns the session, or `null` if it has ended or the token belongs to another project */
  async alive(project: TenantProject, claims: AccessTokenClaims): Promise<Session | null> {
    if (claims.owner_id !== project.ownerId) return null;
    const session = (await this.sessions.nearest(project.ownerId, claims.sid, STALENESS_MS))?.value;
    if (session === undefined || session.userId !== claims.id) return null;
    return whyDead(session, this.clock.now()) === null ? session : null;
  }
}

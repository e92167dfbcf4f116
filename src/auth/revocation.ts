import { Injectable } from '@nestjs/common';
import { Clock } from '../config/clock.js';
import { errors } from '../response/error/error-catalogue.js';
import type { Tenant } from '../tenancy/tenant.js';
import { TenantScope } from '../tenancy/tenant-scope.js';
import { UserDirectory } from '../tenancy/user/user-directory.js';
import { sessionEvent } from '../audit/auth-event.js';
import type { Client } from './client.js';
import { whyDead } from './refresh-token/decide.js';
import type { Session } from './session/session.js';
import { SessionStore } from './session/session.store.js';
import { Sessions } from './session/sessions.js';

/** Ends sessions on request of their user. */
@Injectable()
export class Revocation {
  constructor(
    private readonly clock: Clock,
    private readonly store: SessionStore,
    private readonly sessions: Sessions,
    private readonly users: UserDirectory,
    private readonly scope: TenantScope,
  ) {}

  /**
   * Ends the session of a refresh token, current or superseded. Revoking an unknown token also succeeds.
   *
   * @param admit throws if the caller must not end the session
   * @returns the id of the session, `null` for an unknown token
   * @see RFC 7009 §2.2
   */
  async revokeToken(
    tenant: Tenant,
    token: string,
    client: Client,
    admit: (session: Session) => void = () => undefined,
  ): Promise<string | null> {
    const found = await this.sessions.findNearest(tenant.project.ownerId, token, Infinity);
    if (found === null) return null;
    admit(found.read.value);
    await this.scope.assertKnown(tenant);
    await this.end(found.read.value, client);
    return found.read.value.id;
  }

  /** @throws SESSION_UNKNOWN for a session that is not alive, or not the caller's */
  async endSession(current: Session, sessionId: string, client: Client): Promise<number> {
    const session = (await this.sessions.committed(current.ownerId, sessionId))?.value;
    if (session?.userId !== current.userId || whyDead(session, this.clock.now()) !== null)
      throw errors.SESSION_UNKNOWN();
    return (await this.end(session, client)) ? 1 : 0;
  }

  async endOthers(current: Session, client: Client): Promise<number> {
    const now = this.clock.now();
    const ended = await this.store.endOthers(current, now, sessionEvent('logged-out', client, current, now));
    await this.sessions.forget(current.ownerId, ...ended);
    return ended.length;
  }

  async endAll(current: Session, client: Client): Promise<number> {
    const now = this.clock.now();
    const { ownerId, userId } = current;
    const event = sessionEvent('logged-out', client, { ownerId, userId, id: null }, now);
    const ended = await this.store.endAll(ownerId, userId, 'logged-out', now, event);
    await this.users.forget(ownerId, userId);
    await this.sessions.forget(ownerId, current.id, ...ended);
    return ended.length;
  }

  /** @returns whether the session was active */
  async end(session: Session, client: Client): Promise<boolean> {
    const now = this.clock.now();
    const ended = await this.store.end(
      session,
      'revoked',
      now,
      sessionEvent('revoked', client, session, now),
    );
    await this.sessions.forget(session.ownerId, session.id);
    return ended;
  }
}

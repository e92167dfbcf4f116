import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { administrationEvent } from '../../audit/auth-event.js';
import { whyDead } from '../../auth/refresh-token/decide.js';
import type { EndReason, Session } from '../../auth/session/session.js';
import { SessionStore } from '../../auth/session/session.store.js';
import { endAllSessions } from '../../auth/session/session-endings.js';
import type { SqlTransaction } from '../../database/sql-database.js';
import { sessionView, type SessionView } from '../../auth/own-sessions/session-view.js';
import { Sessions } from '../../auth/session/sessions.js';
import { Clock } from '../../config/clock.js';
import { errors } from '../../response/error/error-catalogue.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import { User } from '../../tenancy/user/user.entity.js';
import { type Administrator, assertAdministers } from '../administrator.js';

/** A session as an administrator sees it. */
export type AdministeredSession = Omit<SessionView, 'current'>;

/** Lists and ends the sessions of a user. */
@Injectable()
export class UserSessions {
  constructor(
    private readonly clock: Clock,
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly directory: UserDirectory,
    private readonly store: SessionStore,
    private readonly sessions: Sessions,
  ) {}

  /** The active sessions of a user, newest first. @throws USER_UNKNOWN */
  async list(
    administrator: Administrator,
    ownerId: string,
    userId: string,
  ): Promise<{ items: AdministeredSession[] }> {
    await this.assertUser(administrator, ownerId, userId);
    const sessions = await this.store.list(ownerId, userId, this.clock.now());
    return {
      items: sessions.map((session) => {
        const { current: _, ...view } = sessionView(session, { id: '' });
        return view;
      }),
    };
  }

  /** Ends all sessions of a user. @throws USER_UNKNOWN */
  async logout(administrator: Administrator, ownerId: string, userId: string): Promise<{ ended: number }> {
    await this.assertUser(administrator, ownerId, userId);
    const now = this.clock.now();
    const event = administrationEvent('logged-out', administrator, { ownerId, userId }, now);
    const ended = await this.store.endAll(ownerId, userId, 'administrator', now, event);
    await this.forget(ownerId, userId, ended);
    return { ended: ended.length };
  }

  /**
   * Ends all sessions of a user in the same transaction as another change.
   *
   * @param change gets the function that ends them, which returns how many there were
   */
  async logoutWith<T>(
    administrator: Administrator,
    ownerId: string,
    userId: string,
    reason: EndReason,
    change: (logout: (transaction: SqlTransaction) => Promise<number>) => Promise<T>,
  ): Promise<T> {
    const now = this.clock.now();
    const event = administrationEvent('logged-out', administrator, { ownerId, userId }, now);
    let ended: readonly string[] = [];
    const result = await change(async (transaction) => {
      ended = await endAllSessions(transaction, { ownerId, userId }, reason, now, event);
      return ended.length;
    });
    await this.forget(ownerId, userId, ended);
    return result;
  }

  /** Ends one session of a user. @throws USER_UNKNOWN, SESSION_UNKNOWN */
  async end(
    administrator: Administrator,
    ownerId: string,
    userId: string,
    sessionId: string,
  ): Promise<{ ended: 1 }> {
    await this.assertUser(administrator, ownerId, userId);
    const session = await this.store.find(ownerId, sessionId);
    const now = this.clock.now();
    const event = administrationEvent('revoked', administrator, { ownerId, userId, sessionId }, now);
    const ended =
      session?.userId === userId &&
      mayLive(session, now) &&
      (await this.store.end(session, 'administrator', now, event));
    if (!ended) throw errors.SESSION_UNKNOWN({ text: 'The user has no such session.' });
    await this.sessions.forget(ownerId, sessionId);
    return { ended: 1 };
  }

  private async forget(ownerId: string, userId: string, ended: readonly string[]): Promise<void> {
    await this.directory.forget(ownerId, userId);
    await this.sessions.forget(ownerId, ...ended);
  }

  private async assertUser(administrator: Administrator, ownerId: string, userId: string): Promise<void> {
    assertAdministers(administrator, ownerId);
    if (!(await this.users.existsBy({ ownerId, userId }))) throw errors.USER_UNKNOWN();
  }
}

/** Sessions of a disabled project or user count: enabling a project makes its sessions work again. */
function mayLive(session: Session, now: number): boolean {
  return whyDead({ ...session, subject: { ...session.subject, active: true } }, now) === null;
}

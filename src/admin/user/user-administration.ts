import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { MoreThan, type Repository } from 'typeorm';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent, type AuthEvent } from '../../audit/auth-event.js';
import { Passwords } from '../../auth/login/password.js';
import { Clock } from '../../config/clock.js';
import { type EntityRow, EntityTable } from '../../database/entity-table.js';
import { holdRow } from '../../database/hold-row.js';
import { SqlDatabase, type SqlTransaction } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import { User } from '../../tenancy/user/user.entity.js';
import { type Administrator, assertAdministers } from '../administrator.js';
import { type Page, pageOf, startOf } from '../page.js';
import { ProjectAdministration } from '../project/project-administration.js';
import {
  type NewUser,
  type PasswordChange,
  USER_DEFAULTS,
  type UserChange,
  type UserListRequest,
} from './user-input.js';
import { UserSessions } from '../session/user-sessions.js';
import { userView, type UserView } from './user-view.js';

const NAMED = `SELECT user_id FROM bo_user WHERE owner_id = $1 AND user_name = $2`;

/** The outcome of a change. */
type Outcome =
  | { readonly kind: 'changed'; readonly user: User }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'name-taken' };

/** Creates and changes the users of a project. */
@Injectable()
export class UserAdministration {
  private readonly rows: EntityTable<User>;

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly directory: UserDirectory,
    private readonly passwords: Passwords,
    private readonly sessions: UserSessions,
    private readonly projects: ProjectAdministration,
  ) {
    this.rows = new EntityTable(users, database);
  }

  /** @throws ADMIN_PROJECT_UNKNOWN */
  async list(
    administrator: Administrator,
    ownerId: string,
    { userName, ...page }: UserListRequest,
  ): Promise<Page<UserView>> {
    await this.projects.show(administrator, ownerId);
    const list = `users ${ownerId}`;
    const after = startOf(list, page);
    const rows = await this.users.find({
      where: {
        ownerId,
        ...(after !== null && { userId: MoreThan(after) }),
        ...(userName !== undefined && { userName }),
      },
      order: { userId: 'ASC' },
      take: page.limit + 1,
    });
    return pageOf(list, rows, page.limit, ({ userId }) => userId, userView);
  }

  /** @throws USER_UNKNOWN */
  async show(administrator: Administrator, ownerId: string, userId: string): Promise<UserView> {
    assertAdministers(administrator, ownerId);
    const user = await this.users.findOneBy({ ownerId, userId });
    if (user === null) throw errors.USER_UNKNOWN();
    return userView(user);
  }

  /** @throws ADMIN_PROJECT_UNKNOWN, USER_EXISTS */
  async add(administrator: Administrator, ownerId: string, input: NewUser): Promise<UserView> {
    await this.projects.show(administrator, ownerId);
    const { password, passwordHash, ...settings } = input;
    const now = this.clock.now();
    const user: User = {
      ...USER_DEFAULTS,
      clientId: input.userId,
      pushName: input.userName,
      ...settings,
      developer: settings.developer ?? 0,
      ownerId,
      // Without a password, the hash of a random text: a login then takes the usual time and fails.
      passwordHash: passwordHash ?? (await this.passwords.hash(password ?? randomBytes(32).toString('hex'))),
      status: 'active',
      validAfter: 0,
      createdAt: now,
    };
    const event = administrationEvent('user-added', administrator, user, now, { developer: user.developer });
    const added = await this.database.transact(async (transaction) => {
      if (!(await this.rows.insert(transaction, user))) return false;
      await writeEvent(transaction, event);
      return true;
    });
    if (!added) throw errors.USER_EXISTS();
    await this.directory.forget(ownerId, user.userId);
    return userView(user);
  }

  /** @throws USER_UNKNOWN, USER_EXISTS if another user has the userName */
  async change(
    administrator: Administrator,
    ownerId: string,
    userId: string,
    changes: UserChange,
  ): Promise<UserView> {
    assertAdministers(administrator, ownerId);
    // Only the names of the fields: their values are personal data.
    const event = administrationEvent('user-changed', administrator, { ownerId, userId }, this.clock.now(), {
      fields: Object.keys(changes).join(', '),
      ...(changes.developer !== undefined && { developer: changes.developer }),
    });
    return userView(await this.rewrite(ownerId, userId, (before) => ({ ...before, ...changes }), event));
  }

  /** Ends all sessions of the user for good: after enabling, the user has to sign in again. @throws USER_UNKNOWN */
  async disable(administrator: Administrator, ownerId: string, userId: string): Promise<UserView> {
    assertAdministers(administrator, ownerId);
    const event = administrationEvent('user-disabled', administrator, { ownerId, userId }, this.clock.now());
    // Disable first: otherwise a login in between would survive.
    await this.rewrite(ownerId, userId, (before) => ({ ...before, status: 'disabled' }), event);
    await this.sessions.logout(administrator, ownerId, userId);
    return this.show(administrator, ownerId, userId);
  }

  /** @throws USER_UNKNOWN */
  async enable(administrator: Administrator, ownerId: string, userId: string): Promise<UserView> {
    assertAdministers(administrator, ownerId);
    const event = administrationEvent('user-enabled', administrator, { ownerId, userId }, this.clock.now());
    return userView(
      await this.rewrite(ownerId, userId, (before) => ({ ...before, status: 'active' }), event),
    );
  }

  /** @returns how many sessions ended; @throws USER_UNKNOWN */
  async setPassword(
    administrator: Administrator,
    ownerId: string,
    userId: string,
    { password, keepSessions }: PasswordChange,
  ): Promise<{ ended: number }> {
    assertAdministers(administrator, ownerId);
    const passwordHash = await this.passwords.hash(password);
    const event = administrationEvent('password-set', administrator, { ownerId, userId }, this.clock.now());
    await this.rewrite(ownerId, userId, (before) => ({ ...before, passwordHash }), event);
    return keepSessions ? { ended: 0 } : this.sessions.logout(administrator, ownerId, userId);
  }

  /** Reads, changes and writes the row under a lock. */
  private async rewrite(
    ownerId: string,
    userId: string,
    changed: (before: User) => User,
    event: AuthEvent,
  ): Promise<User> {
    const outcome = await this.database.transact(async (transaction): Promise<Outcome> => {
      const held = await holdRow<EntityRow>(transaction, 'bo_user', { owner_id: ownerId, user_id: userId });
      if (held === null) return { kind: 'unknown' };
      const user = changed(this.rows.entityOf(held));
      if (await isTaken(transaction, user)) return { kind: 'name-taken' };
      await this.rows.update(transaction, user);
      await writeEvent(transaction, event);
      return { kind: 'changed', user };
    });
    if (outcome.kind === 'unknown') throw errors.USER_UNKNOWN();
    if (outcome.kind === 'name-taken') throw errors.USER_EXISTS();
    await this.directory.forget(ownerId, userId);
    return outcome.user;
  }
}

async function isTaken(transaction: SqlTransaction, { ownerId, userId, userName }: User): Promise<boolean> {
  const named = await transaction.all<{ user_id: string }>(NAMED, [ownerId, userName]);
  return named.some(({ user_id }) => user_id !== userId);
}

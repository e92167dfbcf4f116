import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { In, MoreThan, type Repository } from 'typeorm';
import { writeEvent } from '../../audit/audit-trail.js';
import { type AdministrationEventKind, administrationEvent, type AuthEvent } from '../../audit/auth-event.js';
import type { EndReason } from '../../auth/session/session.js';
import { LockOut } from '../../auth/lock-out/lock-out.js';
import { addDecoy } from '../../auth/password/password-decoys.js';
import { enrolledAmong } from '../../auth/second-factor/second-factor-row.js';
import { rememberHash } from '../../auth/password/password-history.js';
import { Passwords } from '../../auth/password/passwords.js';
import { ownPassword, type StoredPassword } from '../../auth/password/stored-password.js';
import { Clock } from '../../config/clock.js';
import { type EntityRow, EntityTable } from '../../database/entity-table.js';
import { holdRow } from '../../database/hold-row.js';
import { SqlDatabase, type SqlTransaction } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { ProjectDirectory } from '../../tenancy/project/project-directory.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import { User } from '../../tenancy/user/user.entity.js';
import { type Administrator, assertAdministers } from '../administrator.js';
import { type Page, pageOf, startOf } from '../../response/page.js';
import { ProjectAdministration } from '../project/project-administration.js';
import {
  type NewUser,
  type PasswordChange,
  USER_DEFAULTS,
  type UserChange,
  type UserListRequest,
} from './user-input.js';
import { UserSessions } from '../session/user-sessions.js';
import { isDeveloper, isLastDeveloper } from './last-developer.js';
import { assertFitsToken } from './claim-size.js';
import { importedPassword } from './imported-password.js';
import { userView, type UserView } from './user-view.js';

const NAMED = `SELECT user_id FROM bo_user WHERE owner_id = $1 AND user_name = $2`;

/** Its `sub` would be that of the user. @see RFC 9068 §5 */
const FIND_SERVICE = `
  SELECT client_id FROM bo_client WHERE owner_id = $1 AND client_id = $2 AND type = 'confidential'`;

/** The outcome of a change. */
type Outcome =
  | { readonly kind: 'changed'; readonly ended: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'name-taken' }
  | { readonly kind: 'last-developer' };

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
    private readonly projectDirectory: ProjectDirectory,
    private readonly lockOut: LockOut,
  ) {
    this.rows = new EntityTable(users, database);
  }

  /** @throws ADMIN_PROJECT_UNKNOWN */
  async list(
    administrator: Administrator,
    ownerId: string,
    { userName, locked, ...page }: UserListRequest,
  ): Promise<Page<UserView>> {
    await this.projects.show(administrator, ownerId);
    const list = `users ${ownerId}`;
    const after = startOf(list, page);
    const rows =
      locked === undefined
        ? await this.users.find({
            where: {
              ownerId,
              ...(after !== null && { userId: MoreThan(after) }),
              ...(userName !== undefined && { userName }),
            },
            order: { userId: 'ASC' },
            take: page.limit + 1,
          })
        : await this.lockedUsers(ownerId, userName, after, page.limit + 1);
    const userIds = rows.map(({ userId }) => userId);
    const enrolled = await enrolledAmong(this.database, ownerId, userIds);
    return pageOf(
      list,
      rows,
      page.limit,
      ({ userId }) => userId,
      (user) => userView(user, enrolled.has(user.userId)),
    );
  }

  /** In the order of the list of locked users; a database may sort ids in another way. */
  private async lockedUsers(
    ownerId: string,
    userName: string | undefined,
    after: string | null,
    count: number,
  ): Promise<User[]> {
    const userIds = await this.lockOut.lockedUsers(ownerId, after);
    if (userName !== undefined) {
      const named = await this.users.findBy({ ownerId, userName });
      return named.filter(({ userId }) => userIds.includes(userId));
    }
    const rows: User[] = [];
    // Some of the ids may be those of users who were deleted.
    for (let from = 0; from < userIds.length && rows.length < count; from += count) {
      const among = userIds.slice(from, from + count);
      const found = await this.users.findBy({ ownerId, userId: In(among) });
      rows.push(...found.toSorted((a, b) => among.indexOf(a.userId) - among.indexOf(b.userId)));
    }
    return rows.slice(0, count);
  }

  /** @throws USER_UNKNOWN */
  async show(administrator: Administrator, ownerId: string, userId: string): Promise<UserView> {
    assertAdministers(administrator, ownerId);
    const user = await this.users.findOneBy({ ownerId, userId });
    if (user === null) throw errors.USER_UNKNOWN();
    const enrolled = await enrolledAmong(this.database, ownerId, [userId]);
    return userView(user, enrolled.has(userId));
  }

  /** @throws ADMIN_PROJECT_UNKNOWN, USER_EXISTS */
  async add(administrator: Administrator, ownerId: string, input: NewUser): Promise<UserView> {
    const project = await this.projects.show(administrator, ownerId);
    const { password, passwordHash, passwordFormat, passwordSalt, ...settings } = input;
    const now = this.clock.now();
    const imported =
      passwordHash === undefined
        ? null
        : importedPassword({ userName: input.userName, passwordHash, passwordFormat, passwordSalt });
    const user: User = {
      ...USER_DEFAULTS,
      clientId: input.userId,
      pushName: input.userName,
      ...settings,
      developer: settings.developer ?? 0,
      mustChangePassword:
        settings.mustChangePassword ?? (password !== undefined && project.firstLoginChange === 'on'),
      ownerId,
      // Without a password, the hash of a random text: a login then takes the usual time and fails.
      ...(imported?.stored ?? (await this.hash(ownerId, password ?? randomBytes(32).toString('hex')))),
      passwordSetAt: now,
      status: 'active',
      validAfter: 0,
      createdAt: now,
    };
    assertFitsToken(user, null);
    const event = administrationEvent('user-added', administrator, user, now, { developer: user.developer });
    const decoy = imported?.decoy ?? null;
    const added = await this.database.transact(async (transaction) => {
      const [service] = await transaction.all(FIND_SERVICE, [ownerId, user.userId]);
      if (service !== undefined)
        throw errors.USER_EXISTS({ text: 'A confidential client of the project has this id.' });
      if (!(await this.rows.insert(transaction, user))) return null;
      await writeEvent(transaction, event);
      return { decoy: decoy !== null && (await addDecoy(transaction, ownerId, decoy)) };
    });
    if (added === null) throw errors.USER_EXISTS();
    if (added.decoy) await this.projectDirectory.forget(ownerId);
    await this.directory.forget(ownerId, user.userId);
    return userView(user, false);
  }

  /**
   * All in one transaction: a disabled user, and one with a new password, has no session left.
   *
   * @throws USER_UNKNOWN, USER_EXISTS if another user has the userName, LAST_DEVELOPER
   */
  async change(
    administrator: Administrator,
    ownerId: string,
    userId: string,
    { password, status, ...settings }: UserChange,
  ): Promise<UserView> {
    assertAdministers(administrator, ownerId);
    const set = password === undefined ? null : await this.newPassword(ownerId, password);
    const events: [AdministrationEventKind, AuthEvent['detail']?][] = [];
    // Only the names of the fields: their values are personal data.
    const fields = Object.keys(settings).join(', ');
    const { developer } = settings;
    if (fields !== '')
      events.push(['user-changed', { fields, ...(developer !== undefined && { developer }) }]);
    if (status !== undefined) events.push([status === 'active' ? 'user-enabled' : 'user-disabled']);
    if (set !== null) events.push(['password-set']);
    const changes = { ...set, ...settings, ...(status && { status }) };
    const logout = status === 'disabled' ? 'account-disabled' : set === null ? null : 'password-changed';
    await this.rewrite(administrator, { ownerId, userId }, changes, { events, logout });
    return this.show(administrator, ownerId, userId);
  }

  /** Ends all sessions of the user for good: after enabling, the user has to sign in again. @throws USER_UNKNOWN */
  disable(administrator: Administrator, ownerId: string, userId: string): Promise<UserView> {
    return this.change(administrator, ownerId, userId, { status: 'disabled' });
  }

  /** @throws USER_UNKNOWN */
  enable(administrator: Administrator, ownerId: string, userId: string): Promise<UserView> {
    return this.change(administrator, ownerId, userId, { status: 'active' });
  }

  /** @returns how many sessions ended; @throws USER_UNKNOWN */
  async setPassword(
    administrator: Administrator,
    ownerId: string,
    userId: string,
    { password, keepSessions, mustChangePassword }: PasswordChange,
  ): Promise<{ ended: number }> {
    assertAdministers(administrator, ownerId);
    const { ended } = await this.rewrite(
      administrator,
      { ownerId, userId },
      {
        ...(await this.newPassword(ownerId, password)),
        ...(mustChangePassword !== undefined && { mustChangePassword }),
      },
      { events: [['password-set']], logout: keepSessions ? null : 'password-changed' },
    );
    return { ended };
  }

  /** The columns of a user whose password an administrator sets. */
  private async newPassword(ownerId: string, password: string): Promise<Partial<User>> {
    const project = await this.projectDirectory.find(ownerId);
    return {
      ...(await this.hash(ownerId, password)),
      passwordSetAt: this.clock.now(),
      ...(project?.firstLoginChange === 'on' && { mustChangePassword: true }),
    };
  }

  private async hash(ownerId: string, password: string): Promise<StoredPassword> {
    return ownPassword(await this.passwords.hash(password, { ownerId, network: '' }));
  }

  /** Reads, changes and writes the row under a lock, and ends the sessions of the user for the reason `logout`. */
  private async rewrite(
    administrator: Administrator,
    { ownerId, userId }: Pick<User, 'ownerId' | 'userId'>,
    changes: Partial<User>,
    { events, logout }: Consequences,
  ): Promise<{ ended: number }> {
    const now = this.clock.now();
    // Not in the transaction: a cold cache would then wait for a connection while it holds one.
    const history = (await this.projectDirectory.find(ownerId))?.passwordHistory ?? 0;
    const write = (end: ((transaction: SqlTransaction) => Promise<number>) | null): Promise<Outcome> =>
      this.database.transact(async (transaction): Promise<Outcome> => {
        const held = await holdRow<EntityRow>(transaction, 'bo_user', { owner_id: ownerId, user_id: userId });
        if (held === null) return { kind: 'unknown' };
        const before = this.rows.entityOf(held);
        const user: User = { ...before, ...changes };
        assertFitsToken(user, before);
        if (await isTaken(transaction, user)) return { kind: 'name-taken' };
        if (
          administrator.kind === 'developer' &&
          isDeveloper(before) &&
          !isDeveloper(user) &&
          (await isLastDeveloper(transaction, user))
        )
          return { kind: 'last-developer' };
        if (user.passwordHash !== before.passwordHash) await remember(transaction, before, now, history);
        await this.rows.update(transaction, user);
        for (const [kind, detail] of events)
          await writeEvent(
            transaction,
            administrationEvent(kind, administrator, { ownerId, userId }, now, detail),
          );
        return { kind: 'changed', ended: end === null ? 0 : await end(transaction) };
      });
    const outcome =
      logout === null
        ? await write(null)
        : await this.sessions.logoutWith(administrator, ownerId, userId, logout, write);
    if (outcome.kind === 'unknown') throw errors.USER_UNKNOWN();
    if (outcome.kind === 'name-taken') throw errors.USER_EXISTS();
    if (outcome.kind === 'last-developer') throw errors.LAST_DEVELOPER();
    await this.directory.forget(ownerId, userId);
    return outcome;
  }
}

/** What else a change does. */
interface Consequences {
  readonly events: readonly [kind: AdministrationEventKind, detail?: AuthEvent['detail']][];
  /** Why the sessions of the user end; `null`: they do not. */
  readonly logout: EndReason | null;
}

async function isTaken(transaction: SqlTransaction, { ownerId, userId, userName }: User): Promise<boolean> {
  const named = await transaction.all<{ user_id: string }>(NAMED, [ownerId, userName]);
  return named.some(({ user_id }) => user_id !== userId);
}

/** The user must not come back to the password. A hash of another system is not kept: it may be a weak one. */
async function remember(
  transaction: SqlTransaction,
  before: User,
  now: number,
  history: number,
): Promise<void> {
  if (before.passwordFormat === null)
    await rememberHash(transaction, before, before.passwordHash, now, history - 1);
}

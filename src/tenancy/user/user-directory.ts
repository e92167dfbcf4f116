import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { type Awaitable, andThen } from '../../awaitable.js';
import { userKey } from '../../cache/logged-keys.js';
import { TieredCache, UNTIL_CHANGED } from '../../cache/tiered-cache.js';
import { EntityTable } from '../../database/entity-table.js';
import { SqlDatabase, type SqlTransaction } from '../../database/sql-database.js';
import { User } from './user.entity.js';

const REPLACE_HASH = `
  UPDATE bo_user SET password_hash = $4, password_format = NULL, password_salt = NULL, password_user_name = NULL
  WHERE owner_id = $1 AND user_id = $2 AND password_hash = $3`;

const SET_PASSWORD = `
  UPDATE bo_user SET password_hash = $3, password_format = NULL, password_salt = NULL, password_user_name = NULL,
    must_change_password = false, password_set_at = $4
  WHERE owner_id = $1 AND user_id = $2`;

/** Finds the users of a project. */
@Injectable()
export class UserDirectory {
  private readonly rows: EntityTable<User>;

  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly database: SqlDatabase,
    private readonly cache: TieredCache,
  ) {
    this.rows = new EntityTable(users, database);
  }

  /** May lack a change of the last `STALENESS_MS`. */
  find(ownerId: string, userId: string): Awaitable<User | null> {
    const read = this.cache.read(userKey(ownerId, userId), UNTIL_CHANGED, () =>
      this.rows.find(ownerId, userId),
    );
    return andThen(read, (known) => known?.value ?? null);
  }

  /** Reads the committed row from the database. */
  async findCommitted(ownerId: string, userId: string): Promise<User | null> {
    const read = await this.cache.loadFresh(userKey(ownerId, userId), () => this.rows.find(ownerId, userId));
    return read?.value ?? null;
  }

  /** For login. Always reads from the database. */
  findByName(ownerId: string, userName: string): Promise<User | null> {
    return this.users.findOneBy({ ownerId, userName });
  }

  /** Writes another hash of the same password, unless the password has been changed in the meantime. */
  async replaceHash({ ownerId, userId, passwordHash }: User, replacement: string): Promise<void> {
    await this.database.transact((transaction) =>
      transaction.all(REPLACE_HASH, [ownerId, userId, passwordHash, replacement]),
    );
  }

  /** Sets a password that the user has chosen. */
  async setPassword(
    transaction: SqlTransaction,
    { ownerId, userId }: Pick<User, 'ownerId' | 'userId'>,
    passwordHash: string,
    now: number,
  ): Promise<void> {
    await transaction.all(SET_PASSWORD, [ownerId, userId, passwordHash, now]);
  }

  /** Call after changing a user. */
  forget(ownerId: string, userId: string): Promise<void> {
    return this.cache.drop(userKey(ownerId, userId));
  }
}

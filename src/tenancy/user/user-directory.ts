import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { type Awaitable, whenThere } from '../../awaitable.js';
import { TieredCache } from '../../cache/tiered-cache.js';
import { EntityLookup } from '../../database/entity-lookup.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import { User } from './user.entity.js';

/** Finds the users of a project. */
@Injectable()
export class UserDirectory {
  private readonly rows: EntityLookup<User>;

  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    database: SqlDatabase,
    private readonly cache: TieredCache,
  ) {
    this.rows = new EntityLookup(users, database);
  }

  /** A copy may be {@link STALENESS_MS} old. */
  find(ownerId: string, userId: string): Awaitable<User | null> {
    const read = this.cache.read(userKey(ownerId, userId), STALENESS_MS, () =>
      this.rows.find(ownerId, userId),
    );
    return whenThere(read, (known) => known?.value ?? null);
  }

  /** As the database has it now. */
  async findCommitted(ownerId: string, userId: string): Promise<User | null> {
    const read = await this.cache.loadAlone(userKey(ownerId, userId), () => this.rows.find(ownerId, userId));
    return read?.value ?? null;
  }

  /** For signing in: always from the database. */
  findByName(ownerId: string, userName: string): Promise<User | null> {
    return this.users.findOneBy({ ownerId, userName });
  }

  /** To be called after a user was changed. */
  forget(ownerId: string, userId: string): Promise<void> {
    return this.cache.drop(userKey(ownerId, userId));
  }
}

/** The tenant's characters exclude `/`, so no two pairs make the same key. */
function userKey(ownerId: string, userId: string): string {
  return `${ownerId}/user/${userId}`;
}

import { Injectable } from '@nestjs/common';
import { columnsOf, type SharedSelect, SqlDatabase, type SqlValue } from '../../database/sql-database.js';
import { LoginFailures, MAX_RECORDS, type RecordKey, type StoredRecord } from './login-failures.js';

const FIND: SharedSelect = {
  columns: columnsOf(['record']),
  from: 'bo_login_failure',
  joins: '',
  by: ['owner_id', 'name_hash'],
};

const INSERT = `
  INSERT INTO bo_login_failure (owner_id, name_hash, record, user_id, locked_until, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING owner_id`;

const UPDATE = `
  UPDATE bo_login_failure SET record = $3, user_id = $4, locked_until = $5, expires_at = $6
  WHERE owner_id = $1 AND name_hash = $2 AND record = $7 RETURNING owner_id`;

const PUT = `
  INSERT INTO bo_login_failure (owner_id, name_hash, record, user_id, locked_until, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (owner_id, name_hash) DO UPDATE SET record = excluded.record, user_id = excluded.user_id,
    locked_until = excluded.locked_until, expires_at = excluded.expires_at
  RETURNING owner_id`;

const DELETE = `
  DELETE FROM bo_login_failure WHERE owner_id = $1 AND name_hash = $2 AND record = $3 RETURNING owner_id`;

const LOCKED = `
  SELECT user_id FROM bo_login_failure WHERE owner_id = $1 AND locked_until > $2 AND user_id IS NOT NULL`;

const FORGET = 'DELETE FROM bo_login_failure WHERE owner_id = $1 AND (name_hash = $2 OR user_id = $3)';

const PURGE = `
  DELETE FROM bo_login_failure WHERE (owner_id, name_hash) IN (
    SELECT owner_id, name_hash FROM bo_login_failure WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
  ) RETURNING owner_id`;

const SURPLUS = `
  SELECT owner_id, count(*) - ${MAX_RECORDS} AS surplus FROM bo_login_failure
  GROUP BY owner_id HAVING count(*) > ${MAX_RECORDS}`;

const PURGE_SURPLUS = `
  DELETE FROM bo_login_failure WHERE (owner_id, name_hash) IN (
    SELECT owner_id, name_hash FROM bo_login_failure WHERE owner_id = $1 ORDER BY expires_at LIMIT $2
  ) RETURNING owner_id`;

/** Failed logins in the database. */
@Injectable()
export class SqlLoginFailures extends LoginFailures {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  override async find({ ownerId, nameHash }: RecordKey): Promise<string | null> {
    const row = await this.database.find<{ record: string }>(FIND, [ownerId, nameHash]);
    return row?.record ?? null;
  }

  override async replace(
    { ownerId, nameHash }: RecordKey,
    seen: string | null,
    next: StoredRecord | null,
  ): Promise<boolean> {
    if (next === null) return seen === null || this.writesOne(DELETE, [ownerId, nameHash, seen]);
    const values = [ownerId, nameHash, next.text, next.userId, next.lockedUntil, next.expiresAt];
    return seen === null ? this.writesOne(INSERT, values) : this.writesOne(UPDATE, [...values, seen]);
  }

  /** Writes a record, whatever is stored. */
  async put({ ownerId, nameHash }: RecordKey, next: StoredRecord): Promise<void> {
    const values = [ownerId, nameHash, next.text, next.userId, next.lockedUntil, next.expiresAt];
    await this.write(PUT, values);
  }

  override async lockedUsers(ownerId: string, now: number): Promise<string[]> {
    const rows = await this.database.all<{ user_id: string }>(LOCKED, [ownerId, now]);
    return rows.map(({ user_id: userId }) => userId);
  }

  override async forget({ ownerId, nameHash }: RecordKey, userId: string): Promise<void> {
    await this.write(FORGET, [ownerId, nameHash, userId]);
  }

  /** Deletes records that have expired, and those of a project beyond the maximum. @returns how many, at most `limit` */
  async purge(now: number, limit: number): Promise<number> {
    let purged = await this.write(PURGE, [now, limit]);
    if (purged === limit) return purged;
    const projects = await this.database.all<{ owner_id: string; surplus: number | string }>(SURPLUS, []);
    for (const { owner_id: ownerId, surplus } of projects)
      if (purged < limit)
        purged += await this.write(PURGE_SURPLUS, [ownerId, Math.min(Number(surplus), limit - purged)]);
    return purged;
  }

  private async writesOne(sql: string, values: readonly SqlValue[]): Promise<boolean> {
    return (await this.write(sql, values)) === 1;
  }

  /** @returns how many rows a `… RETURNING` has written */
  private async write(sql: string, values: readonly SqlValue[]): Promise<number> {
    // A flood of logins must not make refreshes wait for the disk.
    const rows = await this.database.transact((transaction) => transaction.all(sql, values), {
      durable: false,
    });
    return rows.length;
  }
}

import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SqlDatabase } from '../../database/sql-database.js';

const DAY_MS = 24 * 3_600_000;
const USUAL_MS = 30 * DAY_MS;
/** A user who travels has many; one who signs in through the exits of an anonymiser has no usual one. */
const MAX_PER_USER = 64;

/** Nothing of a user who was deleted meanwhile. */
const NOTE = `
  INSERT INTO bo_usual_network (owner_id, user_id, network, last_login_at)
  SELECT owner_id, user_id, $3, $4 FROM bo_user WHERE owner_id = $1 AND user_id = $2
  ON CONFLICT (owner_id, user_id, network) DO UPDATE SET last_login_at = excluded.last_login_at
  WHERE bo_usual_network.last_login_at <= $5`;

const KEEP_NEWEST = `
  DELETE FROM bo_usual_network WHERE owner_id = $1 AND user_id = $2 AND network NOT IN (
    SELECT network FROM bo_usual_network WHERE owner_id = $1 AND user_id = $2
    ORDER BY last_login_at DESC LIMIT ${MAX_PER_USER})`;

const FIND = `
  SELECT network FROM bo_usual_network
  WHERE owner_id = $1 AND user_id = $2 AND network = $3 AND last_login_at > $4`;

const PURGE = `
  DELETE FROM bo_usual_network WHERE (owner_id, user_id, network) IN (
    SELECT owner_id, user_id, network FROM bo_usual_network WHERE last_login_at <= $1
    ORDER BY last_login_at LIMIT $2
  ) RETURNING network`;

/** The networks from which users have signed in within 30 days. */
@Injectable()
export class UsualNetworks {
  /** When this process noted a network, so that most logins write nothing. */
  private readonly noted = new LRUCache<string, number>({ max: 20_000 });

  constructor(private readonly database: SqlDatabase) {}

  async has(ownerId: string, userId: string, network: string, now: number): Promise<boolean> {
    const rows = await this.database.all(FIND, [ownerId, userId, network, now - USUAL_MS]);
    return rows.length > 0;
  }

  /** Call after a successful login. Writes at most once a day for each network. */
  async note(ownerId: string, userId: string, network: string, now: number): Promise<void> {
    const key = JSON.stringify([ownerId, userId, network]);
    const at = this.noted.get(key);
    if (at !== undefined && at > now - DAY_MS) return;
    await this.database.transact(
      async (transaction) => {
        await transaction.all(NOTE, [ownerId, userId, network, now, now - DAY_MS]);
        await transaction.all(KEEP_NEWEST, [ownerId, userId]);
      },
      { durable: false },
    );
    this.noted.set(key, now);
  }

  /** Deletes networks that are no longer usual. @returns how many, at most `limit` */
  async purge(now: number, limit: number): Promise<number> {
    const purged = await this.database.transact((transaction) =>
      transaction.all(PURGE, [now - USUAL_MS, limit]),
    );
    return purged.length;
  }
}

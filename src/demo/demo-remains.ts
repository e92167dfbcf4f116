import { Injectable } from '@nestjs/common';
import { deleteUserRows } from '../admin/user/user-rows.js';
import { writeEvent } from '../audit/audit-trail.js';
import { administrationEvent } from '../audit/auth-event.js';
import { Passwords } from '../auth/password/passwords.js';
import { ownPassword } from '../auth/password/stored-password.js';
import { importedTokenHash } from '../auth/refresh-token/refresh-token.js';
import { type EndedSession, writeRevocations } from '../auth/revocation-feed/write-revocations.js';
import { Clock } from '../config/clock.js';
import { SqlDatabase, type SqlTransaction } from '../database/sql-database.js';
import { PROJECTS, SEED_SESSION, USERS } from './demo-rows.js';

/** A row that a development start wrote and whose key, password or token is published. */
export interface DemoRow {
  readonly kind: 'project' | 'user' | 'session';
  readonly ownerId: string;
  /** The user of a `user` or `session`; empty for a project. */
  readonly userId: string;
}

const TABLES_OF_PROJECT = [
  'bo_system',
  'bo_signing_key',
  'bo_client',
  'bo_revocation',
  'bo_revocation_head',
  'bo_project',
];

const DELETE_IMPORTED = `
  DELETE FROM bo_auth_session WHERE owner_id = $1 AND imported_token_hash = $2 RETURNING id, expires_at`;

const BY = { kind: 'command-line', userId: null, ip: null, requestId: null } as const;

/** Finds and removes what a development start left in a database. A row whose secret was changed no longer counts. */
@Injectable()
export class DemoRemains {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly passwords: Passwords,
  ) {}

  async find(): Promise<readonly DemoRow[]> {
    const found: DemoRow[] = [];
    for (const { ownerId, verifyKey } of PROJECTS) {
      const sql = 'SELECT owner_id FROM bo_project WHERE owner_id = $1 AND verify_key = $2';
      const rows = await this.database.all(sql, [ownerId, verifyKey]);
      if (rows.length > 0) found.push({ kind: 'project', ownerId, userId: '' });
    }
    for (const { ownerId, userId, password } of USERS) {
      const sql = 'SELECT password_hash FROM bo_user WHERE owner_id = $1 AND user_id = $2';
      const [row] = await this.database.all<{ password_hash: string }>(sql, [ownerId, userId]);
      if (
        row !== undefined &&
        (await this.passwords.verify({ ...ownPassword(row.password_hash), status: 'active' }, [], password, {
          ownerId,
          network: '',
        }))
      )
        found.push({ kind: 'user', ownerId, userId });
    }
    const { ownerId, userId, refreshToken } = SEED_SESSION;
    const sql = 'SELECT id FROM bo_auth_session WHERE owner_id = $1 AND imported_token_hash = $2';
    const rows = await this.database.all(sql, [ownerId, importedTokenHash(refreshToken)]);
    if (rows.length > 0) found.push({ kind: 'session', ownerId, userId });
    return found;
  }

  /**
   * Removes the demo users with their sessions, and each demo project that has no other user.
   *
   * @returns what was removed, and the demo projects that stay because they have other users
   */
  async remove(): Promise<{ readonly removed: readonly DemoRow[]; readonly kept: readonly string[] }> {
    const rows = await this.find();
    const at = this.clock.now();
    return this.database.transact(async (transaction) => {
      const all = (sql: string, values: readonly string[]) => transaction.all(sql, values);
      const kept: string[] = [];
      for (const { kind, ownerId, userId } of rows.toSorted(usersFirst)) {
        if (kind === 'session') await deleteSeedSession(transaction, ownerId, at);
        else if (kind === 'user') await deleteUserRows(transaction, ownerId, userId, at);
        else if ((await all('SELECT user_id FROM bo_user WHERE owner_id = $1 LIMIT 1', [ownerId])).length > 0)
          kept.push(ownerId);
        else
          for (const table of TABLES_OF_PROJECT)
            await all(`DELETE FROM ${table} WHERE owner_id = $1`, [ownerId]);
      }
      const removed = rows.filter(({ kind, ownerId }) => kind !== 'project' || !kept.includes(ownerId));
      for (const ownerId of new Set(removed.map((row) => row.ownerId)))
        await writeEvent(transaction, administrationEvent('demo-removed', BY, { ownerId }, at));
      return { removed, kept };
    });
  }
}

/** A project is empty only after its users are gone. */
function usersFirst(a: DemoRow, b: DemoRow): number {
  return Number(a.kind === 'project') - Number(b.kind === 'project');
}

async function deleteSeedSession(transaction: SqlTransaction, ownerId: string, now: number): Promise<void> {
  const hash = importedTokenHash(SEED_SESSION.refreshToken);
  const ended = await transaction.all<EndedSession>(DELETE_IMPORTED, [ownerId, hash]);
  await writeRevocations(transaction, ownerId, ended, now);
}

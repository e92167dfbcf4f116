// @ts-check
/**
 * Fills an SQLite database of the service with millions of sessions or projects (a crowd); one login each would take
 * days. The rows are copies of a row that the service itself has written.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import sqlite3 from 'sqlite3';

/** @typedef {import('./virtual-users.mjs').Session} Session */

const DIST = path.join(import.meta.dirname, '..', 'dist');

/** Maximum number of virtual users, spread over the crowd; the generator keeps them all in memory. */
const MOST_USERS = 20_000;

/** 64 random bits, and 48 random bytes that are base64url as well. */
const NEW_FAMILY = { id: 'lower(hex(randomblob(8)))', secret: 'lower(hex(randomblob(32)))' };

class Database {
  /** @param {string} file */
  constructor(file) {
    this.database = new sqlite3.Database(file);
  }

  /**
   * @param {string} sql
   * @param {unknown[]} [values]
   * @returns {Promise<Record<string, any>[]>}
   */
  all(sql, values = []) {
    return new Promise((resolve, reject) => {
      this.database.all(
        sql,
        values,
        /**
         * @param {Error | null} error
         * @param {Record<string, any>[]} rows
         */
        (error, rows) => (error ? reject(error) : resolve(rows)),
      );
    });
  }

  /**
   * Inserts copies of one row, with some columns replaced by expressions; `n.i` numbers the copies from 1.
   *
   * @param {string} table
   * @param {string} where finds the row
   * @param {number} count
   * @param {Record<string, string>} replaced
   */
  async copy(table, where, count, replaced) {
    const columns = (await this.all(`PRAGMA table_info(${table})`)).map(({ name }) => String(name));
    await this.all(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
       INSERT INTO ${table} (${columns.join(', ')})
       SELECT ${columns.map((name) => replaced[name] ?? `t.${name}`).join(', ')}
       FROM (SELECT * FROM ${table} WHERE ${where}) AS t, n`,
    );
  }

  /** @returns {Promise<void>} */
  close() {
    return new Promise((resolve) => {
      this.database.close(() => resolve());
    });
  }
}

/**
 * @param {string} file path of the database; no server may have it open
 * @param {Session} model of a user that has just logged in; its row is copied
 * @param {string} pepper of the service
 * @param {{ sessions: number } | { projects: number }} crowd
 * @returns {Promise<Session[]>} a random part of the crowd, without the model
 */
export async function gather(file, model, pepper, crowd) {
  const database = new Database(file);
  const sid = String(
    JSON.parse(Buffer.from(model.accessToken.split('.')[1] ?? '', 'base64url').toString()).sid,
  );
  if (!/^[0-9a-f]{16}$/.test(sid)) throw new Error(`the model's session is ${sid}`);
  const { owner } = model.account;
  await database.all('BEGIN');
  if ('sessions' in crowd) {
    await database.copy('bo_auth_session', `id = '${sid}'`, crowd.sessions, NEW_FAMILY);
  } else {
    const owner_id = `'crowd-' || n.i`;
    await database.copy('bo_project', `owner_id = '${owner}'`, crowd.projects, { owner_id });
    const user = `owner_id = '${owner}' AND user_name = '${model.account.userName}'`;
    await database.copy('bo_user', user, crowd.projects, { owner_id });
    await database.copy('bo_auth_session', `id = '${sid}'`, crowd.projects, { ...NEW_FAMILY, owner_id });
  }
  await database.all('COMMIT');
  const rows = await database.all(
    `SELECT id, owner_id, secret, kid, generation, branch FROM bo_auth_session
     WHERE user_id = (SELECT user_id FROM bo_auth_session WHERE id = ?1) AND id <> ?1
       AND length(secret) = 64 AND (owner_id = ?2 OR owner_id LIKE 'crowd-%')
     ORDER BY random() LIMIT ${MOST_USERS}`,
    [sid, owner],
  );
  await database.all('PRAGMA wal_checkpoint(TRUNCATE)');
  await database.close();

  /** @param {string} name */
  const built = (name) => import(pathToFileURL(path.join(DIST, name)).href);
  const { deriveFamilyKey, issueToken } = await built('auth/refresh-token/refresh-token.js');
  const { Peppers } = await built('config/pepper.js');
  const peppers = Peppers.parse(pepper);
  return rows.map((row) => {
    const secret = Buffer.from(row['secret'], 'base64url');
    const key = deriveFamilyKey(peppers.get(row['kid']), secret, row['owner_id'], row['id']);
    return {
      account: { ...model.account, owner: row['owner_id'] },
      refreshToken: issueToken(key, row['id'], { generation: row['generation'], branch: row['branch'] }),
      tokenSeq: model.tokenSeq,
      accessToken: '',
    };
  });
}

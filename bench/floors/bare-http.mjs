// @ts-check
/**
 * Floor: the documented refresh over bare `node:http`. With `--database FILE` each refresh also rotates its session
 * with a durable, group-committed write to SQLite.
 *
 * `node bench/floors/bare-http.mjs --port 8000 --sessions 256 [--database FILE] [--no-verify]`
 */
import { parseArgs } from 'node:util';
import sqlite3 from 'sqlite3';
import { bareListener, OPTIONS, seededSessions, serve } from './bare-answer.mjs';

const { values } = parseArgs({
  options: {
    ...OPTIONS,
    database: { type: 'string' },
  },
});
const sessions = seededSessions(Number(values.sessions));

/** Bytes in the other columns of a row, so that a write touches as many pages as in the service. */
const OTHER_COLUMNS = 250;

/**
 * @typedef {object} Waiting
 * @property {[id: number, generation: number, token: string, superseded: string]} row
 * @property {(won: boolean) => void} resolve
 * @property {(error: Error) => void} reject
 */

/**
 * Rotations that arrive while a statement is being written wait; the next statement takes them all. One statement is
 * one transaction, and so one fsync for the whole batch.
 *
 * @param {string} file
 */
async function sqliteRotation(file) {
  const database = new sqlite3.Database(file);
  await new Promise((resolve, reject) => {
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; DROP TABLE IF EXISTS session;
       CREATE TABLE session (id INTEGER PRIMARY KEY, token TEXT NOT NULL, generation INTEGER NOT NULL,
         rotated_at INTEGER NOT NULL, superseded TEXT NOT NULL, about TEXT NOT NULL,
         status TEXT NOT NULL DEFAULT 'active');
       INSERT INTO session (id, token, generation, rotated_at, superseded, about)
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${sessions.size - 1})
         SELECT i, '', 0, 0, '', '${'x'.repeat(OTHER_COLUMNS)}' FROM n;`,
      (error) => (error ? reject(error) : resolve(undefined)),
    );
  });
  const update = database.prepare(
    `UPDATE session SET generation = session.generation + 1, token = w.value ->> 2,
       rotated_at = ?2, superseded = w.value ->> 3
     FROM json_each(?1) AS w
     WHERE session.id = w.value ->> 0 AND session.generation = w.value ->> 1 AND status = 'active'
     RETURNING id`,
  );
  /** @type {Waiting[]} */
  let waiting = [];
  let writing = false;

  function flush() {
    const batch = waiting;
    waiting = [];
    writing = true;
    update.all(
      [JSON.stringify(batch.map((w) => w.row)), Date.now()],
      /**
       * @param {Error | null} error
       * @param {{ id: number }[]} rows
       */
      (error, rows) => {
        writing = false;
        if (error) for (const w of batch) w.reject(error);
        else {
          const won = new Set(rows.map((row) => row.id));
          for (const w of batch) w.resolve(won.has(w.row[0]));
        }
        if (waiting.length > 0) flush();
      },
    );
  }

  return {
    /**
     * @param {import('./bare-answer.mjs').BareSession} session
     * @param {string} token
     * @returns {Promise<boolean>}
     */
    rotate: (session, token) =>
      new Promise((resolve, reject) => {
        waiting.push({ row: [session.id, session.generation, token, session.superseded], resolve, reject });
        // Wait for the end of this turn, so that all requests of one poll share the statement.
        if (!writing && waiting.length === 1) setImmediate(() => !writing && flush());
      }),
    close: () => update.finalize(() => database.close()),
  };
}

const writer = values.database === undefined ? null : await sqliteRotation(values.database);
serve(
  bareListener({
    secret: values.secret,
    verifyKey: values['no-verify'] ? null : values['verify-key'],
    sessions,
    rotate: writer?.rotate ?? null,
    cacheType: writer === null ? 'local' : 'sqlite',
  }),
  values,
  () => writer?.close(),
);

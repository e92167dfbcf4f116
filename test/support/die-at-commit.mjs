// Tests load this with `node --import` before the built service. It stops rotations at an exact moment, and kills the process
// like `kill -9` in the midst of one. MOMENT_FILE names a file that maps session ids to moments:
// `before` its commit or `after` it, a rotation stays there and stderr says so; `at` its commit, the process dies.
import { existsSync, readFileSync, statSync, writeSync } from 'node:fs';

const { SqlSessionStore } = await import(
  new URL('../../dist/auth/session/sql-session.store.js', import.meta.url).href
);
const { MOMENT_FILE = '', DATABASE_URL = '' } = process.env;
const sqliteFile = /^sqlite:(.+)/.exec(DATABASE_URL)?.[1];
const move = SqlSessionStore.prototype.move;

const BLOCK_MS = 20;

/** The current state of SQLite's write-ahead log, which sqlite3's own thread writes concurrently. */
function wal() {
  if (sqliteFile === undefined) return null;
  const { size, mtimeNs } = statSync(`${sqliteFile}-wal`, { bigint: true });
  return `${size} ${mtimeNs}`;
}

function stay(moment) {
  writeSync(2, `${moment}\n`);
  return new Promise(() => undefined);
}

SqlSessionStore.prototype.move = async function (seen, ...step) {
  const moment = existsSync(MOMENT_FILE) ? JSON.parse(readFileSync(MOMENT_FILE, 'utf8'))[seen.id] : undefined;
  if (moment === 'before') return stay(moment);
  const before = moment === 'at' ? wal() : null;
  const moving = move.call(this, seen, ...step);
  if (moment === 'at') {
    setImmediate(function watch() {
      // Block this thread, so that no answer can be sent. The statement has already been sent to Postgres; on SQLite it may
      // still wait for another write, such as the sealing of the audit trail, which needs this thread now and then.
      const until = performance.now() + BLOCK_MS;
      while (before !== null && wal() === before)
        if (performance.now() > until) return void setImmediate(watch);
      process.kill(process.pid, 'SIGKILL');
    });
  }
  const moved = await moving;
  return moment === 'after' ? stay(moment) : moved;
};

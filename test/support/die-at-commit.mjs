// Tests load this with `node --import` before the built service. It kills the process like `kill -9` at one exact moment
// of a rotation, which the file named by MOMENT_FILE selects; without the file it does nothing.
import { existsSync, readFileSync, statSync } from 'node:fs';

const { SqlSessionStore } = await import(
  new URL('../../dist/auth/session/sql-session.store.js', import.meta.url).href
);
const { MOMENT_FILE = '', DATABASE_URL = '' } = process.env;
const sqliteFile = /^sqlite:(.+)/.exec(DATABASE_URL)?.[1];
const move = SqlSessionStore.prototype.move;

const BLOCK_MS = 20;

function die() {
  process.kill(process.pid, 'SIGKILL');
}

/** The current state of SQLite's write-ahead log, which sqlite3's own thread writes concurrently. */
function wal() {
  if (sqliteFile === undefined) return null;
  const { size, mtimeNs } = statSync(`${sqliteFile}-wal`, { bigint: true });
  return `${size} ${mtimeNs}`;
}

SqlSessionStore.prototype.move = async function (...step) {
  const moment = existsSync(MOMENT_FILE) ? readFileSync(MOMENT_FILE, 'utf8') : '';
  if (moment === 'before') die();
  const before = moment === 'at' ? wal() : null;
  const moving = move.apply(this, step);
  if (moment === 'at') {
    setImmediate(function watch() {
      // Block this thread, so that no answer can be sent. The statement has already been sent to Postgres; on SQLite it may
      // still wait for another write, such as the sealing of the audit trail, which needs this thread now and then.
      const until = performance.now() + BLOCK_MS;
      while (before !== null && wal() === before)
        if (performance.now() > until) return void setImmediate(watch);
      die();
    });
  }
  const moved = await moving;
  if (moment === 'after') die();
  return moved;
};

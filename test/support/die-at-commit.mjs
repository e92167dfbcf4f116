// Loaded by `node --import` before the built service, in tests alone: ends the process as `kill -9` does, at one exact
// moment of a rotation. The file that MOMENT_FILE names says when; while there is none, nothing happens.
import { existsSync, readFileSync, statSync } from 'node:fs';

const { SqlSessionStore } = await import(
  new URL('../../dist/auth/session/sql-session.store.js', import.meta.url).href
);
const { MOMENT_FILE = '', DATABASE_URL = '' } = process.env;
const sqliteFile = /^sqlite:(.+)/.exec(DATABASE_URL)?.[1];
const move = SqlSessionStore.prototype.move;

function die() {
  process.kill(process.pid, 'SIGKILL');
}

/** SQLite's write-ahead log as it stands; this thread looks, while sqlite3's own writes. */
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
    setImmediate(() => {
      // Holds this thread, so that nothing can be answered meanwhile. To Postgres the statement has been sent by now.
      while (before !== null && wal() === before);
      die();
    });
  }
  const moved = await moving;
  if (moment === 'after') die();
  return moved;
};

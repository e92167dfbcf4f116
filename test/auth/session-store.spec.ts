import type { DatabaseConfig } from '../../src/config/variables.js';
import { migrate, sqliteFile } from '../../src/database/data-source.js';
import { SqliteDatabase } from '../../src/database/sqlite/sqlite-database.js';
import { StartLock } from '../../src/database/start-lock.js';
import { loginFailuresContract } from './login-failures.contract.js';
import { inSql } from './login-failures-under-test.js';
import { revocationFeedContract } from './revocation-feed.contract.js';
import { sessionStoreContract } from './session-store.contract.js';
import { behind, inMemory, onSql } from './stores-under-test.js';

sessionStoreContract('in memory', async () => inMemory());

sessionStoreContract('behind the local tier', () => behind(null));

sessionStoreContract('SQLite', async () => {
  const { open, discard } = await newSqlite();
  return onSql(await open(), discard);
});

revocationFeedContract('SQLite', async () => {
  const { open, discard } = await newSqlite();
  return { database: await open(), discard };
});

loginFailuresContract('SQLite', async () => {
  const { open, discard } = await newSqlite();
  return inSql([await open(), await open()], discard);
});

async function newSqlite() {
  const file = sqliteFile(null);
  const config: DatabaseConfig = { kind: 'sqlite', file: file.path };
  await migrate(config, file);
  return {
    open: () => SqliteDatabase.open(file.path, StartLock.of(config, file)),
    discard: async () => file.discard(),
  };
}

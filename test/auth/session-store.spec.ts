import type { DatabaseConfig } from '../../src/config/variables.js';
import { migrate, sqliteFile } from '../../src/database/data-source.js';
import { SqliteDatabase } from '../../src/database/sqlite/sqlite-database.js';
import { StartLock } from '../../src/database/start-lock.js';
import { sessionStoreContract } from './session-store.contract.js';
import { behind, inMemory, onSql } from './stores-under-test.js';

sessionStoreContract('in memory', async () => inMemory());

sessionStoreContract('behind the local tier', () => behind(null));

sessionStoreContract('SQLite', async () => {
  const file = sqliteFile(null);
  const config: DatabaseConfig = { kind: 'sqlite', file: file.path };
  await migrate(config, file);
  const database = await SqliteDatabase.open(file.path, StartLock.of(config, file));
  return onSql(database, async () => file.discard());
});

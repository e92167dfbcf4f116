import { Logger } from '@nestjs/common';
import type { DatabaseConfig } from '../../src/config/variables.js';
import { migrate } from '../../src/database/data-source.js';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import { StartLock } from '../../src/database/start-lock.js';
import { loginFailuresContract } from '../auth/login-failures.contract.js';
import { inRedis, inSql } from '../auth/login-failures-under-test.js';
import { sessionStoreContract } from '../auth/session-store.contract.js';
import { behind, onSql } from '../auth/stores-under-test.js';
import { TestDatabase } from '../support/database.js';
import { RedisServer } from '../support/redis.js';

// The tier logs that Redis answers.
Logger.overrideLogger(false);

sessionStoreContract('behind the Redis tier', async () => behind(await RedisServer.start()));

sessionStoreContract('Postgres', async () => {
  const { open, drop } = await newPostgres();
  return onSql(open(), drop);
});

loginFailuresContract('Postgres', async () => {
  const { open, drop } = await newPostgres();
  return inSql([open(), open()], drop);
});

loginFailuresContract('Redis', async () => {
  const { open, drop } = await newPostgres();
  const under = await inRedis(await RedisServer.start(), open());
  return { ...under, close: () => under.close().then(drop) };
});

async function newPostgres() {
  const created = await TestDatabase.create();
  const config: DatabaseConfig = { kind: 'postgres', url: created.url };
  // Several first starts at once: one migrates, the others wait for it.
  await Promise.all([1, 2, 3].map(() => migrate(config, null)));
  return {
    open: () => new PostgresDatabase(config.url, StartLock.of(config, null), 6),
    drop: () => created.drop(),
  };
}

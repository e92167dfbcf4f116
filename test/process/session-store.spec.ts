import { Logger } from '@nestjs/common';
import { RedisLoginFailures } from '../../src/auth/lock-out/redis-login-failures.js';
import { SharedLoginFailures } from '../../src/auth/lock-out/shared-login-failures.js';
import { SqlLoginFailures } from '../../src/auth/lock-out/sql-login-failures.js';
import { RedisLink } from '../../src/cache/redis-link.js';
import type { Config } from '../../src/config/config.js';
import type { DatabaseConfig } from '../../src/config/variables.js';
import { migrate } from '../../src/database/data-source.js';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import { StartLock } from '../../src/database/start-lock.js';
import { loginFailuresContract } from '../auth/login-failures.contract.js';
import { inRedis, inSql } from '../auth/login-failures-under-test.js';
import { revocationFeedContract } from '../auth/revocation-feed.contract.js';
import { sessionStoreContract } from '../auth/session-store.contract.js';
import { behind, onSql } from '../auth/stores-under-test.js';
import { TestClock } from '../support/app.js';
import { TestDatabase } from '../support/database.js';
import { RedisServer } from '../support/redis.js';
import { eventually } from '../support/temporary.js';

// The tier logs that Redis answers.
Logger.overrideLogger(false);

sessionStoreContract('behind the Redis tier', async () => behind(await RedisServer.start()));

sessionStoreContract('Postgres', async () => {
  const { open, drop } = await newPostgres();
  return onSql(open(), drop);
});

revocationFeedContract('Postgres', async () => {
  const { open, drop } = await newPostgres();
  return { database: open(), discard: drop };
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

it('failed logins are counted in the database while Redis does not answer', async () => {
  const { open, drop } = await newPostgres();
  const database = open();
  const server = await RedisServer.start();
  const link = new RedisLink({ redisUrl: server.url } as Config, new TestClock());
  await link.onModuleInit();
  const [redis, sql] = [new RedisLoginFailures(link), new SqlLoginFailures(database)];
  const shared = new SharedLoginFailures(link, redis, sql);
  const key = { ownerId: 'acme', nameHash: 'a' };
  const now = Date.now();
  const record = (text: string, lockedUntil: number | null = null) => ({
    text,
    userId: 'alice',
    lockedUntil,
    expiresAt: now + 60_000,
  });
  await shared.replace(key, null, record('in Redis'), now);
  expect([await redis.find(key), await sql.find(key)]).toEqual(['in Redis', null]);
  server.freeze();
  expect(await shared.find(key)).toBeNull();
  expect(await shared.replace(key, null, record('in SQL'), now)).toBe(true);
  expect([await shared.find(key), await sql.find(key)]).toEqual(['in SQL', 'in SQL']);
  server.thaw();
  await eventually('Redis answers', () => link.isAnswering);
  expect(await shared.find(key)).toBe('in Redis');
  // A lock outlives the silence.
  await shared.replace(key, 'in Redis', record('locked', now + 1_000), now);
  expect([await redis.find(key), await sql.find(key)]).toEqual(['locked', 'locked']);
  expect(await shared.lockedUsers('acme', now)).toEqual(['alice']);
  await shared.forget(key, 'alice');
  expect([await redis.find(key), await sql.find(key)]).toEqual([null, null]);
  await link.onApplicationShutdown();
  await server.stop();
  await database.close();
  await drop();
}, 60_000);

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

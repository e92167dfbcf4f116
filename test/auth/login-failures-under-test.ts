import type { Config } from '../../src/config/config.js';
import { RedisLink } from '../../src/cache/redis-link.js';
import type { SqlDatabase } from '../../src/database/sql-database.js';
import { MAX_RECORDS } from '../../src/auth/lock-out/login-failures.js';
import { RedisLoginFailures } from '../../src/auth/lock-out/redis-login-failures.js';
import { SqlLoginFailures } from '../../src/auth/lock-out/sql-login-failures.js';
import { TestClock } from '../support/app.js';
import type { RedisServer } from '../support/redis.js';
import type { LoginFailuresUnderTest } from './login-failures.contract.js';

const SURPLUS = 10;

const OVERFILL = `
  WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${MAX_RECORDS + SURPLUS})
  INSERT INTO bo_login_failure (owner_id, name_hash, record, expires_at)
  SELECT 'acme', 'invented-' || n, '', 9000000000000 FROM number`;

export function inSql(
  databases: readonly [SqlDatabase, SqlDatabase],
  close: () => Promise<void>,
): LoginFailuresUnderTest {
  const [database] = databases;
  const store = new SqlLoginFailures(database);
  return {
    stores: [store, new SqlLoginFailures(databases[1])],
    database,
    overfill: async () => {
      await database.transact((transaction) => transaction.all(OVERFILL, []));
      await store.purge(Date.now(), 1_000);
      const [row] = await database.all<{ records: number }>(
        `SELECT count(*) AS records FROM bo_login_failure WHERE owner_id = 'acme'`,
        [],
      );
      return Number(row?.records);
    },
    close: async () => {
      for (const each of databases) await each.close();
      await close();
    },
  };
}

/** @param database of the usual networks */
export async function inRedis(server: RedisServer, database: SqlDatabase): Promise<LoginFailuresUnderTest> {
  const open = async () => {
    const link = new RedisLink({ redisUrl: server.url } as Config, new TestClock());
    await link.onModuleInit();
    return link;
  };
  const links = [await open(), await open()] as const;
  const store = new RedisLoginFailures(links[0]);
  return {
    stores: [store, new RedisLoginFailures(links[1])],
    database,
    overfill: async () => {
      const fill = `
        for n = 1, ${MAX_RECORDS + SURPLUS} do
          redis.call('ZADD', KEYS[1], 9000000000000 + n, 'invented-' .. n)
        end`;
      await server.command('EVAL', fill, '1', 'bo-auth:login-failures:acme');
      await server.command('SET', 'invented-1', 'x');
      const key = { ownerId: 'acme', nameHash: 'last' };
      const record = { text: 'x', userId: null, lockedUntil: null, expiresAt: 9_100_000_000_000 };
      await store.replace(key, null, record, Date.now());
      expect(await server.command('EXISTS', 'invented-1')).toBe(0);
      return Number(await server.command('ZCARD', 'bo-auth:login-failures:acme'));
    },
    close: async () => {
      for (const link of links) await link.onApplicationShutdown();
      await server.stop();
      await database.close();
    },
  };
}

import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { type EventFilter, readEvents } from '../../src/audit/audit-trail.js';
import { EventChain } from '../../src/audit/event-chain.js';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import type { SqlDatabase } from '../../src/database/sql-database.js';
import { StartLock } from '../../src/database/start-lock.js';
import { StoreUnavailable } from '../../src/database/store-unavailable.js';
import { toApiError } from '../../src/response/error/failure.js';
import { call, dataOf, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';
import { PostgresServer } from '../support/postgres.js';
import { eventually } from '../support/temporary.js';

describe('Postgres', () => {
  let server: PostgresServer;
  let url: string;
  let a: TestApp;
  let b: TestApp;
  beforeAll(async () => {
    server = await PostgresServer.start();
    url = await server.database();
    // Two first starts at once: one migrates and writes the demo data, the other waits for it.
    const operator = createHash('sha256').update('operator-token-of-this-test').digest('hex');
    [a, b] = await Promise.all([
      startApp({ DATABASE_URL: url, OPERATOR_TOKEN_HASH: operator }),
      startApp({ DATABASE_URL: url }),
    ]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([a?.close(), b?.close()]);
    await server?.stop();
  });

  it('says where an answer comes from', async () => {
    const answer = await refresh(a, (await login(a)).refreshToken);
    expect(answer.body.cacheType).toBe('postgres');
    const ready = await a.app.inject({ url: '/health/ready' });
    expect(ready.json()).toMatchObject({ details: { database: { kind: 'postgres', status: 'up' } } });
  });

  it('lets one of many win over two processes, and gives all the same successor', async () => {
    const { refreshToken } = await login(a);
    const answers = await Promise.all([a, b, a, b, a, b].map((test) => refresh(test, refreshToken)));
    expect(new Set(answers.map((answer) => dataOf(answer).refreshToken)).size).toBe(1);
  });

  it('takes text that Postgres cannot hold for unknown', async () => {
    const { accessToken } = await login(a);
    const answer = await call(a, { method: 'DELETE', url: '/auth/sessions/%00', bearer: accessToken });
    expect(answer.status).toBe(404);
  });

  it('notices nothing when idle connections are terminated', async () => {
    const { refreshToken } = await login(a);
    await server.terminateConnections();
    expect(await statusesOf(12, () => refresh(a, refreshToken))).toEqual(new Set([200]));
  });

  it('answers 503 while the server is away, never 401, and recovers by itself', async () => {
    const { refreshToken } = await login(a);
    await server.halt();
    const away = await refresh(b, refreshToken);
    expect(refusalOf(away)).toBe('503 UNAVAILABLE');
    expect(Number(away.headers['retry-after'])).toBeGreaterThan(0);
    // Neither project nor session is known here any more.
    b.clock.advance(60_000);
    expect(refusalOf(await refresh(b, refreshToken))).toBe('503 UNAVAILABLE');
    expect((await b.app.inject({ url: '/health/ready' })).statusCode).toBe(503);
    expect((await b.app.inject({ url: '/health/live' })).statusCode).toBe(200);
    await server.resume();
    await eventually('a success', async () => (await refresh(b, refreshToken)).status === 200);
    expect((await b.app.inject({ url: '/health/ready' })).statusCode).toBe(200);
  });

  it('leaves a server that has become read-only for one that can be written', async () => {
    const ready = async () => (await a.app.inject({ url: '/health/ready' })).statusCode;
    const [first, second] = await Promise.all([login(a), login(a)]);
    const readOnly = await server.becomeReadOnly(url);
    try {
      // Open connections are now read-only; new ones are not, as after a failover.
      expect((await refresh(a, first.refreshToken)).status).toBe(200);
      await Promise.all(Array.from({ length: 6 }, () => login(a)));
      expect(await ready()).toBe(200);
      await readOnly.alsoNew();
      expect(await ready()).toBe(503);
      expect(refusalOf(await refresh(a, second.refreshToken))).toBe('503 UNAVAILABLE');
    } finally {
      await readOnly.end();
    }
    await eventually('ready', async () => (await ready()) === 200);
    expect((await refresh(a, second.refreshToken)).status).toBe(200);
  });

  it('never calls a value that Postgres refuses an outage', async () => {
    const events = (key: string) => {
      const cursor = Buffer.from(JSON.stringify(['events ', key])).toString('base64url');
      return call(a, { url: `/admin/events?cursor=${cursor}`, bearer: 'operator-token-of-this-test' });
    };
    expect((await events('5')).text).toContain('"success":true');
    for (const key of ['abc', '1e999', '\0', '9'.repeat(30)])
      expect(refusalOf(await events(key))).toBe('400 PARAMETER_INVALID');
    const database = new PostgresDatabase(url, StartLock.of({ kind: 'postgres', url }, null), 1);
    const failure = await database.all('SELECT $1::bigint', ['abc']).catch(toApiError);
    await database.close();
    expect(failure).toMatchObject({ errorCode: 'INTERNAL' });
  });

  it('gives up a row that another holds, in bounded time', async () => {
    const { refreshToken } = await login(a);
    const holder = new Client(url);
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('UPDATE bo_auth_session SET status = status');
      expect(refusalOf(await refresh(a, refreshToken))).toBe('503 UNAVAILABLE');
      await holder.query('ROLLBACK');
    } finally {
      await holder.end();
    }
    expect((await refresh(a, refreshToken)).status).toBe(200);
  });

  describe('below the service', () => {
    let database: PostgresDatabase;
    beforeAll(async () => {
      database = new PostgresDatabase(url, StartLock.of({ kind: 'postgres', url }, null), 4);
      await database.transact((transaction) =>
        transaction.all('CREATE TABLE counters (id text PRIMARY KEY, n bigint)', []),
      );
      await database.transact((transaction) =>
        transaction.all(`INSERT INTO counters VALUES ('x', 0), ('y', 0)`, []),
      );
    });
    afterAll(() => database?.close());

    const increment = (id: string) => [`UPDATE counters SET n = n + 1 WHERE id = $1`, [id]] as const;

    it('finds the rare in a long audit trail by an index', async () => {
      const client = new Client(url);
      await client.connect();
      const plan = async (read: (database: SqlDatabase) => Promise<unknown>) => {
        const lines: string[] = [];
        const explain = async (sql: string, values: readonly unknown[]) => {
          const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, [...values]);
          lines.push(...rows.map((row) => row['QUERY PLAN']));
          return [];
        };
        const explained = { all: explain, transact: (work: (it: object) => unknown) => work(explained) };
        await read(explained as unknown as SqlDatabase);
        return lines.join('\n');
      };
      const planOf = (filter: EventFilter) => plan((explained) => readEvents(explained, filter, 51));
      try {
        // All but one in a thousand are one project's log-ins.
        await client.query(`
          INSERT INTO bo_auth_event (at, owner_id, user_id, kind, detail, chain_seq)
          SELECT n, CASE n % 1000 WHEN 1 THEN 'small' ELSE 'large' END, 'u' || n % 5000,
            CASE n % 1000 WHEN 2 THEN 'reused' ELSE 'login' END, '{}', n + 1000000
          FROM generate_series(1, 30000) n`);
        await client.query('ANALYZE bo_auth_event');
        expect(await planOf({ ownerId: 'large', kind: 'reused' })).toContain('ix_bo_auth_event_kind');
        expect(await planOf({ kind: 'reused' })).toContain('ix_bo_auth_event_kind');
        expect(await planOf({ ownerId: 'large', userId: 'u7' })).toContain('ix_bo_auth_event_user');
        expect(await planOf({ ownerId: 'small' })).not.toContain('Seq Scan');
        expect(await planOf({ ownerId: 'large', before: 9 })).not.toContain('Seq Scan');
        const chain = (explained: SqlDatabase) => new EventChain(a.clock, explained, a.config);
        expect(await plan((explained) => chain(explained).seal())).toContain('ix_bo_auth_event_unsealed');
        expect(await plan((explained) => chain(explained).lines(1_000_000, 2_000_000, 200))).toContain(
          'ux_bo_auth_event_chain',
        );
        expect(await plan((explained) => chain(explained).states.lastSeq())).toContain(
          'ux_bo_auth_event_chain',
        );
      } finally {
        await client.query(`DELETE FROM bo_auth_event WHERE owner_id IN ('small', 'large')`);
        await client.end();
      }
    });

    it('tries again what a deadlock has undone, and only that', async () => {
      // Each waits for the other to hold its first row.
      let arrived = 0;
      let meet: () => void = () => undefined;
      const both = new Promise<void>((resolve) => {
        meet = resolve;
      });
      const cross = (first: string, second: string) =>
        database.transact(async (transaction) => {
          await transaction.all(...increment(first));
          if (++arrived === 2) meet();
          await both;
          await transaction.all(...increment(second));
        });
      await Promise.all([cross('x', 'y'), cross('y', 'x')]);
      expect(arrived).toBe(3);
      expect(await database.all('SELECT n FROM counters ORDER BY id', [])).toEqual([{ n: 2 }, { n: 2 }]);
    });

    it('undoes the whole of a transaction that fails, and says what failed without the values', async () => {
      const failed = database.transact(async (transaction) => {
        await transaction.all(...increment('x'));
        await transaction.all('INSERT INTO counters VALUES ($1, 0)', ['x']);
      });
      await expect(failed).rejects.toThrow(StoreUnavailable);
      await expect(failed).rejects.toMatchObject({ code: '23505', cause: { message: '23505' } });
      expect(await database.all('SELECT n FROM counters WHERE id = $1', ['x'])).toEqual([{ n: 2 }]);
    });

    it('leaves an error of the work as it is, and undoes the work', async () => {
      const failed = database.transact(async (transaction) => {
        await transaction.all(...increment('x'));
        throw new RangeError('ours');
      });
      await expect(failed).rejects.toThrow(RangeError);
      expect(await database.all('SELECT n FROM counters WHERE id = $1', ['x'])).toEqual([{ n: 2 }]);
    });

    it('does not try again what may have been done', async () => {
      let attempts = 0;
      const lost = database.transact(async (transaction) => {
        attempts++;
        await transaction.all(...increment('y'));
        await server.terminateConnections();
        await transaction.all(...increment('y'));
      });
      await expect(lost).rejects.toThrow(StoreUnavailable);
      expect(attempts).toBe(1);
      expect(await database.all('SELECT n FROM counters WHERE id = $1', ['y'])).toEqual([{ n: 2 }]);
    });
  });
});

async function statusesOf(count: number, ask: () => Promise<{ status: number }>): Promise<Set<number>> {
  const answers = await Promise.all(Array.from({ length: count }, ask));
  return new Set(answers.map(({ status }) => status));
}

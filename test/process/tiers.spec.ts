import { CACHE_MANAGER, type Cache } from '@nestjs/cache-manager';
import { randomUUID } from 'node:crypto';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { RedisLink } from '../../src/cache/redis-link.js';
import { TieredCache } from '../../src/cache/tiered-cache.js';
import {
  call,
  dataOf,
  encryptByDES,
  login,
  refresh,
  refusalOf,
  SAMPLE_TOKEN,
  startApp,
  type TestApp,
} from '../support/app.js';
import { RedisServer } from '../support/redis.js';
import { eventually, temporaryFolder } from '../support/temporary.js';

const PTDEV = { owner: 'ptdev' };
const SAMPLE_KEY = 'bo-auth:5:ptdev/session/0000000000000001';

/** Two instances of the service on one database: all that they can tell each other goes through Redis. */
interface Pair {
  readonly a: TestApp;
  readonly b: TestApp;
  close(): Promise<void>;
}

async function startPair(env: Readonly<Record<string, string>>): Promise<Pair> {
  const folder = temporaryFolder();
  const start = () => startApp({ DATABASE_URL: `sqlite:${folder.path}/test.sqlite`, ...env });
  // Both at once: one prepares the database, the other waits for it.
  const [a, b] = await Promise.all([start(), start()]);
  return {
    a,
    b,
    close: async () => {
      await Promise.all([a.close(), b.close()]);
      folder.remove();
    },
  };
}

const isAnswering = (test: TestApp) => test.app.get(RedisLink, { strict: false }).isAnswering;

async function readiness(test: TestApp) {
  const answer = await test.app.inject({ url: '/health/ready' });
  const body = answer.json<{ details: { redis: { state: string } } }>();
  return `${answer.statusCode} ${body.details.redis.state}`;
}

const cacheType = async (test: TestApp) => (await refresh(test, SAMPLE_TOKEN, PTDEV)).body.cacheType;

describe('without Redis', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({});
  });
  afterAll(() => pair?.close());

  it('is ready, and says that none is configured', async () => {
    expect(await readiness(pair.a)).toBe('200 not configured');
  });

  it('sees a revocation in another process within the stated bound', async () => {
    const { a, b } = pair;
    const grant = await login(a);
    const user = () => call(b, { url: '/auth/user', bearer: grant.accessToken });
    b.clock.stop();
    expect((await user()).status).toBe(200);
    dataOf(
      await call(a, {
        method: 'POST',
        url: '/auth/token/revoke',
        payload: { refreshToken: grant.refreshToken },
      }),
    );
    b.clock.advance(STALENESS_MS + 1);
    expect(refusalOf(await user())).toBe('401 SESSION_LOGGED_OUT');
    b.clock.run();
  });

  it('takes a token of a process whose clock is ahead by less than a second, no more', async () => {
    const { a, b } = pair;
    const second = Math.floor(Date.now() / 1000) * 1000;
    a.clock.set(second + 10);
    const { accessToken: bearer } = await login(a);
    const statusAt = async (ms: number) => {
      b.clock.set(ms);
      return (await call(b, { url: '/auth/user', bearer })).status;
    };
    expect([await statusAt(second - 980), await statusAt(second - 1_001)]).toEqual([200, 401]);
    for (const { clock } of [a, b]) {
      clock.set(Date.now());
      clock.run();
    }
  });

  it('lets one of two processes move a session', async () => {
    const { a, b } = pair;
    const grant = await login(a);
    const answers = await Promise.all([a, b, a, b].map((test) => refresh(test, grant.refreshToken)));
    expect(new Set(answers.map((answer) => dataOf(answer).refreshToken)).size).toBe(1);
  });
});

describe('with Redis', () => {
  let redis: RedisServer;
  let pair: Pair;
  beforeAll(async () => {
    redis = await RedisServer.start();
    pair = await startPair({ REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await pair?.close();
    await redis?.stop();
  });
  beforeEach(async () => {
    const { a, b } = pair;
    await eventually('both have Redis', () => isAnswering(a) && isAnswering(b));
  });

  it('is ready and says so', async () => {
    expect(await readiness(pair.a)).toBe('200 answering');
  });

  it('reads from the nearest tier that knows, and fills those before it', async () => {
    const { a, b } = pair;
    const first = await refresh(a, SAMPLE_TOKEN, PTDEV);
    expect(first.body.cacheType).toBe('sqlite');
    expect(await cacheType(a)).toBe('local');
    await eventually('Redis holds the copy', async () => (await redis.command('EXISTS', SAMPLE_KEY)) === 1);
    const second = await refresh(b, SAMPLE_TOKEN, PTDEV);
    expect(second.body.cacheType).toBe('redis');
    expect(await cacheType(b)).toBe('local');
    const { accessToken: _, ...expected } = dataOf(first);
    expect(dataOf(second)).toMatchObject(expected);
  });

  it('keeps nothing without an expiry, and nothing readable', async () => {
    await login(pair.a);
    await cacheType(pair.a);
    await eventually('Redis holds the copy', async () => (await redis.command('EXISTS', SAMPLE_KEY)) === 1);
    const keys = (await redis.command('KEYS', '*')) as string[];
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) {
      expect(await redis.command('PTTL', key)).toBeGreaterThan(0);
      expect(key).not.toContain(SAMPLE_TOKEN);
      const value = (await redis.command('TYPE', key)) === 'string' ? await redis.command('GET', key) : '';
      expect(value).not.toMatch(/ptdev-58|acme-key|argon2|userName|secret|MtP0z/);
    }
  });

  it('believes no copy that another has written, or that lies under another key', async () => {
    const { a, b } = pair;
    const cache = a.app.get(TieredCache, { strict: false });
    const other = b.app.get(TieredCache, { strict: false });
    cache.keep('acme/one', { role: 'guest' }, a.clock.now());
    await eventually('a copy', async () => (await redis.command('EXISTS', 'bo-auth:5:acme/one')) === 1);
    const held = (await redis.command('GET', 'bo-auth:5:acme/one')) as string;
    const older = JSON.stringify({ ...(JSON.parse(held) as { at: number }), at: Date.now() + 1 });
    for (const [key, value] of [
      ['acme/two', held],
      ['acme/three', older],
      ['acme/four', '{"value":{"value":{"role":"admin"},"readAt":9999999999999}}'],
      ['acme/five', 'not json'],
      ['acme/six', '{"at":1,"kid":"__proto__","sealed":"AAAA"}'],
    ] as const) {
      await redis.command('SET', `bo-auth:5:${key}`, value, 'PX', '60000');
      expect(await other.peek(key, Infinity)).toBeNull();
    }
    expect((await other.peek('acme/one', Infinity))?.value).toEqual({ role: 'guest' });
    expect(isAnswering(b)).toBe(true);
  });

  it('believes no old copy because of what Redis says about the time', async () => {
    const { a, b } = pair;
    const link = b.app.get(RedisLink, { strict: false });
    const key = 'acme/old';
    await a.app
      .get<Cache>(CACHE_MANAGER, { strict: false })
      .set(key, { value: 'old', readAt: a.clock.now() }, 60_000);
    const peek = () => b.app.get(TieredCache, { strict: false }).peek(key, STALENESS_MS);
    // Redis, as b sees it, says that it is still a minute ago.
    b.clock.advance(60_000);
    await eventually('b has heard', () => link.clockAhead < -1_000);
    expect(await peek()).toBeNull();
    b.clock.advance(-60_000);
    await eventually('b has heard', () => link.clockAhead > -1_000);
    expect((await b.app.get(TieredCache, { strict: false }).peek(key, Infinity))?.value).toBe('old');
  });

  it('hears nothing in news that is none', async () => {
    const { a, b } = pair;
    for (const news of ['not json', 'null', '{"from":"x"}', '{"from":"x","keys":[{}]}'])
      expect(await redis.command('PUBLISH', 'bo-auth:dropped', news)).toBe(2);
    // An answer comes after all that: nothing of it has ended a connection, or the process.
    expect(await redis.command('PUBLISH', 'bo-auth:dropped', '{"from":"x","keys":[]}')).toBe(2);
    expect((await refresh(b, SAMPLE_TOKEN, PTDEV)).status).toBe(200);
    expect(isAnswering(a) && isAnswering(b)).toBe(true);
  });

  it('sees a revocation in another process at once', async () => {
    const { a, b } = pair;
    const grant = await login(a);
    const user = () => call(b, { url: '/auth/user', bearer: grant.accessToken });
    b.clock.stop();
    expect((await user()).status).toBe(200);
    dataOf(
      await call(a, {
        method: 'POST',
        url: '/auth/token/revoke',
        payload: { refreshToken: grant.refreshToken },
      }),
    );
    // Its clock is stopped: the message ends it, not the age of the copy.
    await eventually('b refuses', async () => (await user()).status === 401, 2_000);
    b.clock.run();
  });

  it('sees “log out everywhere” in another process at once', async () => {
    const { a, b } = pair;
    const [one, two] = [await login(a, { user: 'bob' }), await login(b, { user: 'bob' })];
    const user = () => call(b, { url: '/auth/user', bearer: two.accessToken });
    b.clock.stop();
    expect((await user()).status).toBe(200);
    dataOf(await call(a, { method: 'DELETE', url: '/auth/sessions?scope=all', bearer: one.accessToken }));
    await eventually('b refuses', async () => (await user()).status === 401, 2_000);
    b.clock.run();
  });

  it('lets no slow writer bring back what was dropped', async () => {
    const { a, b } = pair;
    const key = `acme/${randomUUID()}`;
    const tier = b.app.get<Cache>(CACHE_MANAGER, { strict: false });
    await tier.set(key, { value: 'old', readAt: b.clock.now() }, 60_000);
    expect(await tier.get(key)).toMatchObject({ value: 'old' });
    await a.app.get(TieredCache, { strict: false }).drop(key);
    expect(await tier.get(key)).toBeUndefined();
    // It had asked the database before, and answers only now; its clock may even be ahead.
    await tier.set(key, { value: 'old', readAt: b.clock.now() + 1_000 }, 60_000);
    expect(await tier.get(key)).toBeUndefined();
  });

  it('lets no older copy replace a newer', async () => {
    const tier = pair.a.app.get<Cache>(CACHE_MANAGER, { strict: false });
    const key = `acme/${randomUUID()}`;
    const now = pair.a.clock.now();
    await tier.set(key, { value: 'new', readAt: now }, 60_000);
    await tier.set(key, { value: 'old', readAt: now - 50 }, 60_000);
    expect(await tier.get(key)).toMatchObject({ value: 'new' });
  });

  describe('the XverifyApi memory', () => {
    const verifyValue = (guid: string) => encryptByDES(`${guid}|${Date.now()}`, 'acme-key');
    const use = (test: TestApp, verify: string, token: string) => refresh(test, token, { verify });

    it('is one for all processes: repetitions pass, another use does not', async () => {
      const { a, b } = pair;
      const [one, two] = [await login(a), await login(a)];
      const guid = randomUUID();
      expect((await use(a, verifyValue(guid), one.refreshToken)).status).toBe(200);
      expect((await use(b, verifyValue(guid), one.refreshToken)).status).toBe(200);
      expect(refusalOf(await use(b, verifyValue(guid), two.refreshToken))).toBe('401 VERIFY_API_REFUSED');
      // The refusal has left no trace.
      expect((await use(b, verifyValue(guid), one.refreshToken)).status).toBe(200);
      expect((await use(a, verifyValue(randomUUID()), two.refreshToken)).status).toBe(200);
    });

    it('lets one of two uses at two processes win', async () => {
      const { a, b } = pair;
      for (let round = 0; round < 5; round++) {
        const [one, two] = [await login(a), await login(a)];
        const guid = randomUUID();
        const answers = await Promise.all([
          use(a, verifyValue(guid), one.refreshToken),
          use(b, verifyValue(guid), two.refreshToken),
        ]);
        expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
      }
    });

    it('outlives a flush in the process that has seen the use', async () => {
      const { a } = pair;
      const [one, two] = [await login(a), await login(a)];
      const guid = randomUUID();
      expect((await use(a, verifyValue(guid), one.refreshToken)).status).toBe(200);
      await redis.command('FLUSHALL');
      expect(refusalOf(await use(a, verifyValue(guid), two.refreshToken))).toBe('401 VERIFY_API_REFUSED');
      expect((await use(a, verifyValue(guid), one.refreshToken)).status).toBe(200);
    });
  });

  it('does not take its own lateness for a silence of Redis', async () => {
    const link = pair.a.app.get(RedisLink, { strict: false });
    await eventually('Redis answers', () => link.isAnswering);
    const asked = link.ask((client) => client.ping());
    // The client sends what it was asked in the turn's immediates, in their order.
    await new Promise<void>((sent) => setImmediate(sent));
    // The question is sent, and Redis answers in turn; until long after the deadline nothing is read here.
    for (const until = performance.now() + 200; performance.now() < until;) redis.pingAndWait();
    expect(await asked).toBe('PONG');
    expect(link.isAnswering).toBe(true);
  });

  it('waits once for a Redis that hangs, not each time, and uses it again when it answers', async () => {
    const { a } = pair;
    redis.freeze();
    try {
      const begun = performance.now();
      const rounds = 25;
      for (let round = 0; round < rounds; round++) {
        // Older than is believed, so that each round would ask Redis for the project, the user and the session.
        a.clock.advance(6_000);
        expect((await refresh(a, SAMPLE_TOKEN, PTDEV)).status).toBe(200);
      }
      expect(performance.now() - begun).toBeLessThan(rounds * 80);
      expect(await readiness(a)).toBe('200 degraded');
    } finally {
      redis.thaw();
      a.clock.set(Date.now());
      a.clock.run();
    }
    await eventually('Redis is used again', () => isAnswering(a));
  });

  it('keeps serving without a Redis that was killed, and catches up when it is back', async () => {
    const { a, b } = pair;
    const grant = await login(a);
    const user = () => call(b, { url: '/auth/user', bearer: grant.accessToken });
    b.clock.stop();
    expect((await user()).status).toBe(200);
    await redis.kill();
    await eventually('both notice', () => !isAnswering(a) && !isAnswering(b));
    expect((await refresh(a, SAMPLE_TOKEN, PTDEV)).status).toBe(200);
    dataOf(
      await call(a, {
        method: 'POST',
        url: '/auth/token/revoke',
        payload: { refreshToken: grant.refreshToken },
      }),
    );
    await redis.resume();
    await eventually('both have Redis', () => isAnswering(a) && isAnswering(b));
    await eventually('b refuses', async () => (await user()).status === 401, 2_000);
    b.clock.run();
  });

  it('replaces a connection that stays silent', async () => {
    const { a } = pair;
    const link: { connection: object | null } = a.app.get(RedisLink as never, { strict: false });
    const { connection } = link;
    redis.freeze();
    try {
      await eventually('another connection', () => link.connection !== connection);
      expect((await refresh(a, SAMPLE_TOKEN, PTDEV)).status).toBe(200);
    } finally {
      redis.thaw();
    }
    await eventually('Redis is used again', () => isAnswering(a));
  });
});

describe('the rate limit', () => {
  it('is one for all processes with Redis, and each one’s own without', async () => {
    const redis = await RedisServer.start();
    const pair = await startPair({ REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: '4' });
    try {
      const { a, b } = pair;
      await eventually('both have Redis', () => isAnswering(a) && isAnswering(b));
      const answers = [];
      for (const test of [a, b, a, b, a, b]) answers.push(await refresh(test, 'x', { ip: '192.0.2.1' }));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 429, 429]);
      expect(Number(answers.at(-1)?.headers['retry-after'])).toBeGreaterThan(0);
      // Another address is another count.
      expect((await refresh(a, 'x', { ip: '192.0.2.2' })).status).toBe(401);
      await redis.kill();
      await eventually('both notice', () => !isAnswering(a) && !isAnswering(b));
      expect((await refresh(a, 'x', { ip: '192.0.2.1' })).status).toBe(401);
    } finally {
      await pair.close();
      await redis.stop();
    }
  });
});

describe('a Redis that is absent at the start', () => {
  it('is used when it comes', async () => {
    const redis = await RedisServer.start(false);
    const pair = await startPair({ REDIS_URL: redis.url });
    try {
      const { a } = pair;
      expect(await readiness(a)).toBe('200 degraded');
      expect((await refresh(a, SAMPLE_TOKEN, PTDEV)).status).toBe(200);
      await redis.resume();
      await eventually('Redis is used', () => isAnswering(a));
      expect(await readiness(a)).toBe('200 answering');
    } finally {
      await pair.close();
      await redis.stop();
    }
  });
});

import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import {
  type AuthError,
  type FeedOptions,
  Verifier,
  type VerifierOptions,
} from '../../packages/resource-server/src/index.js';
import { Revocations } from '../../packages/resource-server/src/revocations.js';
import { keyId } from '../../src/auth/access-token/access-token-key.js';
import { VirtualHost } from './virtual-host.js';

const SECRET = 'the secret of this test, 32 bytes at least';
const SID = '0123456789abcdef';

let host: VirtualHost;
let verifier: Verifier;
const reports: string[] = [];
const start = (feed: Partial<FeedOptions> = {}, options: Partial<VerifierOptions> = {}) => {
  host = new VirtualHost();
  reports.length = 0;
  verifier = new Verifier(
    {
      url: 'https://auth.example.com',
      ownerId: 'acme',
      secret: SECRET,
      feed: { clientId: 'orders', clientSecret: 'a+b:c', ...feed },
      onError: ({ message }) => reports.push(message),
      onStale: () => reports.push('stale'),
      onRecovered: () => reports.push('recovered'),
      ...options,
    },
    host,
  );
};
afterEach(() => verifier.close());

const seconds = () => Math.floor(host.now() / 1000);
const sign = (claims: Record<string, unknown> = {}) =>
  new SignJWT({ iss: 'RG3', aud: 'api', owner_id: 'acme', id: 'alice', sub: 'alice', sid: SID, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: keyId(SECRET) })
    .setIssuedAt((claims['iat'] as number | undefined) ?? seconds())
    .setExpirationTime(seconds() + 86_400)
    .sign(Buffer.from(SECRET));
const verdict = (claims: Record<string, unknown> = {}): Promise<string> =>
  sign(claims)
    .then((token) => verifier.verify(token))
    .then(
      () => 'accepted',
      ({ status, detail }: AuthError) => `${status} ${detail}`,
    );
/** Lets time pass until the promise is settled. */
const inTime = async <T>(promise: Promise<T>): Promise<T> => {
  let isOver = false;
  void promise.finally(() => (isOver = true));
  while (!isOver) await host.advance(10);
  return promise;
};
const page = (cursor: string, ended: string[] = [], users: Record<string, number> = {}) => ({
  cursor,
  ended: ended.map((sid) => ({ sid, exp: seconds() + 600 })),
  users: Object.entries(users).map(([id, before]) => ({ id, before })),
});
/** As many entries as one answer has at most: more follow. */
const FULL = Array.from({ length: 1000 }, (_, i) => i.toString(16).padStart(16, 'f'));
const query = () => Object.fromEntries(host.request.url.searchParams);
const ENDED = '401 the session has ended';
const STALE = '503 the revocation feed is out of reach';

describe('the feed', () => {
  it('is read as the client, to its end, and then awaited', async () => {
    start();
    expect(host.request.url.pathname).toBe('/bo/api/v3/oauth/acme/revocations');
    const basic = Buffer.from('orders:a%2Bb%3Ac').toString('base64');
    expect(host.request.headers.get('authorization')).toBe(`Basic ${basic}`);
    expect(query()).toEqual({ wait: '0' });
    const first = verdict();
    await host.request.answer(200, page('1', FULL));
    expect(query()).toEqual({ after: '1', wait: '0' });
    await host.request.answer(200, page('2', [SID]));
    // Only then, because the last page could have had its session.
    expect(await first).toBe(ENDED);
    expect(await verdict({ sid: 'another' })).toBe('accepted');
    expect(query()).toEqual({ after: '2', wait: '27' });
    await host.advance(500);
    await host.request.answer(200, page('3', ['another']));
    expect(query()).toEqual({ after: '3', wait: '27' });
    expect(await verdict({ sid: 'another' })).toBe(ENDED);
    expect(host.sent).toBe(4);
  });

  it('keeps fresh although every answer has an entry, and asks at most twice a second', async () => {
    start({ maxStaleSeconds: 10 });
    await host.request.answer(200, page('0'));
    for (let round = 1; round <= 40; round++) {
      await host.advance(500);
      await host.request.answer(200, page(String(round), [`session ${round}`]));
      expect(await verdict()).toBe('accepted');
    }
    expect([reports, host.sent]).toEqual([[], 42]);
  });

  it('tells which tokens of a user are revoked, to the second', async () => {
    start();
    const now = seconds();
    await host.request.answer(200, page('1', FULL, { alice: now * 1000 }));
    await host.request.answer(200, page('2', [], { alice: (now - 5) * 1000 }));
    expect(await verdict({ iat: now - 1 })).toBe(ENDED);
    expect(await verdict({ iat: now })).toBe('accepted');
    expect(await verdict({ iat: now - 1, id: 'bob' })).toBe('accepted');
    const service = { id: undefined, sid: undefined, sub: 'orders', client_id: 'orders', iat: now - 1 };
    expect(await verdict(service)).toBe('accepted');
  });

  it('starts over after an old cursor, and forgets nothing', async () => {
    start();
    await host.request.answer(200, page('1', [SID]));
    await host.request.answer(200, page('2'));
    await host.advance(500);
    await host.request.answer(410);
    expect(await verdict()).toBe(ENDED);
    await host.advance(500);
    expect(query()).toEqual({ wait: '0' });
    await host.request.answer(410);
    expect(reports).toEqual(['the feed answered 410']);
    expect(host.pending).toEqual([]);
    await host.advance(250);
    await host.request.answer(200, page('1'));
    expect(await verdict()).toBe(ENDED);
    expect(await verdict({ sid: 'another' })).toBe('accepted');
  });

  it('is not asked in a circle if it does not wait', async () => {
    start();
    await host.request.answer(200, page('1'));
    await host.request.answer(200, page('1'));
    expect(host.pending).toEqual([]);
    await host.advance(500);
    expect(query()).toEqual({ after: '1', wait: '27' });
  });
});

describe('a feed that is out of reach', () => {
  it('is asked again after growing pauses, as late as it says', async () => {
    start();
    const pauses: number[] = [];
    for (let failure = 0; failure < 8; failure++) {
      await host.request.fail();
      const before = host.monotonic();
      while (host.pending.length === 0) await host.advance(50);
      pauses.push(host.monotonic() - before);
    }
    for (const [failure, pause] of pauses.entries()) {
      const limit = Math.min(10_000, 250 * 2 ** failure);
      expect([pause >= limit / 2, pause <= limit + 50]).toEqual([true, true]);
    }
    expect(new Set(reports)).toEqual(new Set(['the feed is out of reach']));
    await host.request.answer(503, {}, { 'retry-after': '20' });
    await host.advance(20_000);
    expect(host.pending).toEqual([]);
    await host.advance(10_000);
    await host.request.answer(200, { cursor: '1', ended: [{ sid: 1, exp: 1 }], users: [] });
    expect(reports.slice(-2)).toEqual([
      'the feed answered 503',
      'the answer is not one of a revocation feed',
    ]);
  });

  it('lets tokens pass for as long as allowed, and refuses them then, until it is back', async () => {
    start();
    await host.request.answer(200, page('1'));
    const fail = async () => {
      if (host.pending.length > 0) await host.request.fail();
    };
    const outage = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        await fail();
        await host.advance(1_000);
      }
    };
    await outage(60_000);
    expect(await verdict()).toBe('accepted');
    await outage(1_000);
    expect(await verdict()).toBe(STALE);
    // A token that is known to be bad, or that the feed says nothing about, is judged as before.
    expect(await verdict({ aud: 'another' })).toMatch(/^401/);
    const service = { id: undefined, sid: undefined, sub: 'orders', client_id: 'orders' };
    expect(await verdict(service)).toBe('accepted');
    while (host.pending.length === 0) await host.advance(1_000);
    expect(query()).toEqual({ after: '1', wait: '0' });
    await host.request.answer(200, page('2', [...FULL, 'another']));
    expect(await verdict()).toBe(STALE);
    await host.request.answer(200, page('3'));
    expect(await verdict()).toBe('accepted');
    expect(await verdict({ sid: 'another' })).toBe(ENDED);
    expect(reports.filter((each) => !each.startsWith('the feed'))).toEqual(['stale', 'recovered']);
  });

  it('that accepts requests and answers none is given up soon after the time to wait', async () => {
    start();
    await host.request.answer(200, page('1'));
    await host.advance(31_999);
    expect(reports).toEqual([]);
    await host.advance(1);
    expect(reports).toEqual(['no answer in time']);
  });

  it('is asked again although a hook throws', async () => {
    let calls = 0;
    const onError = () => {
      calls++;
      throw new Error('of the hook');
    };
    start({}, { onError });
    await host.request.fail();
    await host.advance(250);
    await host.request.answer(200, page('1'));
    expect(await verdict()).toBe('accepted');
    expect(calls).toBe(1);
  });

  it('can be set to accept tokens', async () => {
    start({ whenStale: 'accept', maxStaleSeconds: 10 });
    expect(await inTime(verdict())).toBe('accepted');
    expect(host.monotonic()).toBeGreaterThanOrEqual(5_000);
    while (host.pending.length === 0) await host.advance(100);
    await host.request.answer(200, page('1'));
    await host.advance(500);
    expect(query()).toEqual({ after: '1', wait: '2' });
    await host.request.fail();
    await host.advance(11_000);
    expect(await verdict()).toBe('accepted');
  });

  it('at the start makes the first requests wait, for a while', async () => {
    start();
    expect(await inTime(verdict())).toBe(STALE);
    expect(host.monotonic()).toBeGreaterThanOrEqual(5_000);
    // The time has passed: no other request waits.
    expect(await verdict()).toBe(STALE);
    const ready = verifier.ready({ timeoutSeconds: 10 }).catch(String);
    await host.advance(10_000);
    expect(await ready).toMatch(/in time/);
  });
});

it('ends with the verifier', async () => {
  start();
  await host.request.answer(200, page('1'));
  const { signal } = host.request;
  verifier.close();
  await host.advance(100_000);
  expect([signal?.aborted, host.pending, reports]).toEqual([true, [], []]);
});

describe('the memory', () => {
  it('is given back when the last token has expired', () => {
    const memory = new Revocations(60_000);
    const now = Date.now();
    memory.add({ ended: [{ sid: SID, exp: now / 1000 + 600 }], users: [{ id: 'alice', before: now }] }, now);
    const nothing = { ended: [], users: [] };
    memory.add(nothing, now + 660_000);
    expect(memory.size).toBe(2);
    memory.add(nothing, now + 720_001);
    expect(memory.size).toBe(1);
    memory.add(nothing, now + 86_461_000);
    expect(memory.size).toBe(0);
  });

  it('for 10,000 revocations is far below 10 MB', async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const memory = new Revocations(60_000);
    const pages = Array.from({ length: 10 }, () =>
      JSON.stringify({
        ended: Array.from({ length: 1000 }, () => ({
          sid: randomBytes(8).toString('hex'),
          exp: 1_790_000_000,
        })),
        users: [],
      }),
    );
    collect();
    const before = process.memoryUsage().heapUsed;
    for (const text of pages) memory.add(JSON.parse(text) as never, 0);
    collect();
    const used = process.memoryUsage().heapUsed - before;
    expect(memory.size).toBe(10_000);
    expect(used).toBeLessThan(3_000_000);
  });
});

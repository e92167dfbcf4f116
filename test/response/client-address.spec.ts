import type { SessionView } from '../../src/auth/own-sessions/session-view.js';
import { call, dataOf, login, refresh, startApp, type TestApp } from '../support/app.js';

const PROXY = '10.0.0.1';

let test: TestApp;
beforeAll(async () => {
  test = await startApp({
    TRUSTED_PROXIES: '10.0.0.0/8,2001:db8:ffff::/48',
    RATE_LIMIT_PER_MINUTE: '50',
    RATE_LIMIT_EXEMPT: '10.0.0.0/8,172.16.5.0/24,2001:db8:7::/48',
  });
});
afterAll(() => test.close());

const forwarded = (text: string) => ({ headers: { 'X-Forwarded-For': text } });

describe('the address of a client', () => {
  const addressOf = async (ip: string, entries: string) => {
    const request = { ip, ...forwarded(entries) };
    const { accessToken: bearer } = await login(test, { user: 'bob', ...request });
    const answer = await call<{ items: readonly SessionView[] }>(test, {
      url: '/auth/sessions',
      bearer,
      ...request,
    });
    return dataOf(answer).items.find(({ current }) => current)?.ip;
  };

  it.each([
    ['plain', PROXY, '203.0.113.9', '203.0.113.9'],
    ['with a port', PROXY, '203.0.113.9:4711', '203.0.113.9'],
    ['IPv6', PROXY, '2001:DB8:0:0::1', '2001:db8::1'],
    ['IPv6 in brackets', PROXY, '[2001:db8::2]', '2001:db8::2'],
    ['IPv6 with a port', PROXY, '[2001:db8::3]:443', '2001:db8::3'],
    ['IPv6 with a zone', PROXY, 'fe80::1%eth0', 'fe80::1'],
    ['IPv4-mapped', PROXY, '::ffff:203.0.113.10', '203.0.113.10'],
    ['behind two proxies, the nearer with a port', PROXY, '203.0.113.11, 10.0.0.7:80', '203.0.113.11'],
    ['behind a proxy of IPv6', '2001:db8:ffff::1', '203.0.113.12', '203.0.113.12'],
    ['behind an IPv4-mapped proxy', '::ffff:10.0.0.1', '203.0.113.13', '203.0.113.13'],
    ['no address', PROXY, 'unknown', PROXY],
    ['an obfuscated one', PROXY, '_hidden', PROXY],
    ['a short form of IPv4', PROXY, '0x7f.1', PROXY],
    ['too long', PROXY, 'a'.repeat(400), PROXY],
    ['SQL', PROXY, "1.2.3.4'; --", PROXY],
    ['from a peer that is no proxy', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['from an IPv4-mapped peer', '::ffff:192.0.2.2', '203.0.113.9', '192.0.2.2'],
  ])('%s', async (_, peer, entries, expected) => {
    expect(await addressOf(peer, entries)).toBe(expected);
  });

  /** How many of 51 requests are over the limit. */
  const refused = async (entry: (n: number) => string, ip = PROXY) => {
    let over = 0;
    for (let n = 0; n < 51; n++)
      if ((await refresh(test, 'a'.repeat(32), { ip, ...forwarded(entry(n)) })).status === 429) over++;
    return over;
  };

  it('is counted without its port, and IPv6 by its /64', async () => {
    expect(await refused((n) => `198.51.100.1:${1000 + n}`)).toBe(1);
    expect(await refused((n) => `2001:db8:1:2:${n}::1`)).toBe(1);
    expect(await refused((n) => `2001:db8:1:${n + 3}::1`)).toBe(0);
  });

  it.each([
    ['in a range', PROXY, '172.16.5.9', 0],
    ['in a range, written with a port', PROXY, '172.16.5.9:4711', 0],
    ['in a range, IPv4-mapped', '::ffff:172.16.5.9', '', 0],
    ['in a range of IPv6', PROXY, '[2001:db8:7::1]:443', 0],
    ['outside', PROXY, '172.16.6.9', 1],
    ['outside, and claims to be inside', '192.0.2.77', '172.16.5.9', 1],
    ['outside, and claims to be inside before the proxy', PROXY, '172.16.5.9, 198.51.100.77', 1],
    ['not told by a proxy in a range', '10.0.0.2', 'unknown', 1],
  ])('counts against the limit unless it is exempt: %s', async (_, ip, entries, over) => {
    expect(await refused(() => entries, ip)).toBe(over);
  });

  it('that somebody else than a trusted proxy forwards is warned of once, never that of a proxy', async () => {
    for (const ip of [PROXY, '::ffff:10.0.0.1', '192.0.2.99', '192.0.2.98'])
      await test.app.inject({ url: '/health/live', remoteAddress: ip, ...forwarded('203.0.113.9') });
    const warnings = test.log.filter((line) => line.includes('X-Forwarded-For is ignored'));
    expect(warnings.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ level: 'warn', peer: expect.stringMatching(/^192\.0\.2\./) }),
    ]);
  });

  it('is exempt outside the API, too', async () => {
    const statuses = async (ip: string) => {
      const answers = Array.from({ length: 51 }, () =>
        test.app.inject({ url: '/.well-known/jwks.json', remoteAddress: ip }),
      );
      return new Set((await Promise.all(answers)).map(({ statusCode }) => statusCode));
    };
    expect(await statuses('172.16.5.9')).toEqual(new Set([200]));
    expect(await statuses('192.0.2.78')).toEqual(new Set([200, 429]));
  });
});

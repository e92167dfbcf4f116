import type { SessionView } from '../../src/auth/own-sessions/session-view.js';
import { call, dataOf, login, refresh, startApp, type TestApp } from '../support/app.js';

const PROXY = '10.0.0.1';

let test: TestApp;
beforeAll(async () => {
  test = await startApp({ TRUSTED_PROXIES: '10.0.0.0/8,2001:db8:ffff::/48', RATE_LIMIT_PER_MINUTE: '50' });
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

  it('is counted without its port, and IPv6 by its /64', async () => {
    const statuses = async (entry: (n: number) => string) => {
      const answers = [];
      for (let n = 0; n < 51; n++)
        answers.push((await refresh(test, 'a'.repeat(32), { ip: PROXY, ...forwarded(entry(n)) })).status);
      return answers.filter((status) => status === 429).length;
    };
    expect(await statuses((n) => `198.51.100.1:${1000 + n}`)).toBe(1);
    expect(await statuses((n) => `2001:db8:1:2:${n}::1`)).toBe(1);
    expect(await statuses((n) => `2001:db8:1:${n + 3}::1`)).toBe(0);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { call, dataOf, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';

let folder: string;
let test: TestApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bo-envelope-'));
  const files = {
    'fn-pair.js': `module.exports = ({ accessToken, refreshToken }, context) =>
      ({ accessToken, refreshToken, at: context.ownerId });`,
    'fn-later.js': 'module.exports = async (data) => ({ ...data, later: true });',
    // A plugin that works on the sample and fails on a real user.
    'fn-throws.js': `module.exports = (data) => { if (data.clientId !== 'sample-web') throw new Error(data.refreshToken); return data; };`,
    'fn-nonsense.js': `module.exports = (data) => (data.clientId === 'sample-web' ? data : 'nonsense');`,
    'fn-mutates.js': `'use strict'; module.exports = (data) => { if (data.clientId !== 'sample-web') data.tokenUser.userId = 'root'; return data; };`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  test = await startApp({ PLUGINS_DIR: folder });
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const KEYS = ['success', 'code', 'message', 'data', 'error', 'cacheType', 'cacheDate'];

/** The shape that every failure has. */
function expectFailure(answer: Awaited<ReturnType<typeof call>>, expected: string): void {
  expect(refusalOf(answer)).toBe(expected);
  expect(Object.keys(answer.body)).toEqual(KEYS);
  expect(answer.body).toMatchObject({ success: false, data: null, cacheType: null, cacheDate: null });
  expect(answer.body.code).toBeGreaterThan(0);
  expect(answer.body.message).not.toBe('');
  expect(answer.body.error.errorText).toBe(answer.body.message);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'referrer-policy': 'no-referrer',
  });
}

const FORM = 'application/x-www-form-urlencoded';
const json = { 'content-type': 'application/json' };

describe('the framework’s own refusals are in the envelope', () => {
  it.each([
    ['an unknown path', { url: '/nil' }, '404 ROUTE_UNKNOWN'],
    ['a path outside the prefix', { url: '//nil' }, '404 ROUTE_UNKNOWN'],
    ['another version', { url: '//bo/api/v2/auth/token/refresh' }, '404 ROUTE_UNKNOWN'],
    ['a trailing slash', { url: '/auth/token/refresh/?refreshToken=x' }, '404 ROUTE_UNKNOWN'],
    ['a doubled slash', { url: '/auth//token/refresh?refreshToken=x' }, '404 ROUTE_UNKNOWN'],
    ['another case', { url: '/Auth/token/refresh?refreshToken=x' }, '404 ROUTE_UNKNOWN'],
    ['a bad percent sequence', { url: '/auth/%zz' }, '400 REQUEST_MALFORMED'],
    ['half a percent sequence', { url: '/auth/user%' }, '400 REQUEST_MALFORMED'],
    ['percent-encoded bad UTF-8', { url: '/auth/%ff%fe' }, '400 REQUEST_MALFORMED'],
    ['a wrong method', { method: 'DELETE', url: '/auth/token/refresh' }, '405 METHOD_NOT_ALLOWED'],
    ['another wrong method', { method: 'PUT', url: '/auth/token' }, '405 METHOD_NOT_ALLOWED'],
    ['a wrong method with a parameter', { method: 'GET', url: '/auth/sessions/x' }, '405 METHOD_NOT_ALLOWED'],
    ['OPTIONS', { method: 'OPTIONS', url: '/auth/user' }, '405 METHOD_NOT_ALLOWED'],
    [
      'malformed JSON',
      { method: 'POST', url: '/auth/token', payload: '{"password":"SECRET', headers: json },
      '400 REQUEST_MALFORMED',
    ],
    [
      'a prototype in JSON',
      { method: 'POST', url: '/auth/token', payload: '{"__proto__":{"SECRET":1}}', headers: json },
      '400 REQUEST_MALFORMED',
    ],
    [
      'XML',
      { method: 'POST', url: '/auth/token', payload: '<SECRET/>', headers: { 'content-type': 'text/xml' } },
      '415 MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'plain text',
      { method: 'POST', url: '/auth/token', payload: 'SECRET', headers: { 'content-type': 'text/plain' } },
      '415 MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'a body without a type',
      { method: 'POST', url: '/auth/token', payload: Buffer.from('SECRET') },
      '415 MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'an ill-formed type',
      { method: 'POST', url: '/auth/token', payload: 'SECRET', headers: { 'content-type': 'json' } },
      '415 MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'a body over the limit',
      { method: 'POST', url: '/auth/token', payload: `"${'S'.repeat(70_000)}"`, headers: json },
      '413 BODY_TOO_LARGE',
    ],
  ] as const)('%s', async (_, request, expected) => {
    const answer = await call(test, request);
    expectFailure(answer, expected);
    expect(answer.text).not.toMatch(/SECRET|SyntaxError|Unexpected|FST_/);
  });

  it('405 names the methods that there are', async () => {
    const allow = async (method: 'GET' | 'DELETE' | 'PATCH', url: string) =>
      (await call(test, { method, url })).headers['allow'];
    expect(await allow('DELETE', '/auth/token/refresh')).toBe('GET, POST');
    expect(await allow('GET', '/auth/token/revoke')).toBe('POST');
    expect(await allow('PATCH', '/auth/sessions')).toBe('DELETE, GET');
    expect(await allow('PATCH', '/auth/sessions/x?y')).toBe('DELETE');
  });

  it('HEAD runs no handler: the token is not spent', async () => {
    const { refreshToken } = await login(test);
    const answer = await refresh(test, refreshToken, { method: 'HEAD' });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, POST');
    expect(dataOf(await refresh(test, refreshToken)).tokenSeq).toBe(2);
  });

  it('a Content-Type on a GET or DELETE without a body is no error', async () => {
    const { refreshToken, accessToken: bearer } = await login(test);
    for (const type of ['application/json', 'application/json; charset=utf-8', 'text/plain', 'nonsense']) {
      const headers = { 'content-type': type };
      expect((await refresh(test, refreshToken, { headers })).status).toBe(200);
      expect((await call(test, { url: '/auth/user', bearer, headers })).status).toBe(200);
      const ended = await call(test, {
        method: 'DELETE',
        url: '/auth/sessions?scope=others',
        bearer,
        headers,
      });
      expect(ended.status).toBe(200);
    }
  });

  it.each([
    ['gzip', { 'content-encoding': 'gzip' }, gzipSync('{"token":"SECRET"}'), /Content-Encoding/],
    ['brotli', { 'content-encoding': 'br' }, brotliCompressSync('{"token":"SECRET"}'), /Content-Encoding/],
    [
      'GBK',
      { 'content-type': 'application/json; charset=GBK' },
      Buffer.from('{"token":"x"}'),
      /UTF-8.*charset/,
    ],
    [
      'UTF-16',
      { 'content-type': 'application/json;charset="utf-16le"' },
      Buffer.from('{}', 'utf16le'),
      /UTF-8/,
    ],
    ['a form in GBK', { 'content-type': `${FORM}; charset=gbk` }, Buffer.from('token=x'), /UTF-8.*charset/],
  ])('a body in %s is 415 and says what to send', async (_, headers, payload, text) => {
    const url = '/auth/token/introspect';
    const answer = await call(test, { method: 'POST', url, payload, headers: { ...json, ...headers } });
    expectFailure(answer, '415 MEDIA_TYPE_UNSUPPORTED');
    expect(answer.body.message).toMatch(text);
    expect(answer.headers['accept-encoding']).toBe('content-encoding' in headers ? 'identity' : undefined);
  });

  it('a body that is not UTF-8 is malformed, not garbled', async () => {
    const payload = Buffer.concat([Buffer.from('{"token":"'), Buffer.from('d6d0', 'hex'), Buffer.from('"}')]);
    const introspect = { method: 'POST', url: '/auth/token/introspect', payload, headers: json } as const;
    const answer = await call(test, introspect);
    expectFailure(answer, '400 REQUEST_MALFORMED');
    expect(answer.body.message).toContain('UTF-8');
  });

  it.each(['charset=utf-8', 'charset="UTF-8"', 'charset=us-ascii'])(
    'JSON with %s is read',
    async (charset) => {
      const headers = { 'content-type': `application/json; ${charset}`, 'content-encoding': 'identity' };
      const url = '/auth/token/introspect';
      expect((await call(test, { method: 'POST', url, payload: '{"token":"x"}', headers })).status).toBe(200);
    },
  );

  it('deep JSON is refused like any other', async () => {
    const { refreshToken } = await login(test);
    const deep = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);
    for (const value of [deep(30_000, '[', ']'), `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`]) {
      for (const [url, name] of [
        ['/auth/token/refresh', 'refreshToken'],
        ['/auth/token/revoke', 'refreshToken'],
        ['/auth/token/introspect', 'token'],
        ['/auth/token', 'userName'],
      ] as const) {
        const answer = await call(test, {
          method: 'POST',
          url,
          payload: `{"${name}":${value}}`,
          headers: json,
        });
        expectFailure(answer, '400 PARAMETER_INVALID');
      }
    }
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });

  it('many parameters are no trouble', async () => {
    const { refreshToken } = await login(test);
    const many = Array.from({ length: 1_000 }, (_, index) => `p${index}=${index}`).join('&');
    const url = `/auth/token/refresh?${many}&refreshToken=${refreshToken}`;
    expect((await call(test, { url })).status).toBe(200);
    const form = { 'content-type': FORM };
    const payload = `${'a=1&'.repeat(10_000)}refreshToken=x`;
    const answer = await call(test, { method: 'POST', url: '/auth/token/refresh', payload, headers: form });
    expect(answer.status).toBe(401);
  });
});

describe('Accept: application/problem+json', () => {
  const headers = { accept: 'application/problem+json' };

  it('makes a failure problem details', async () => {
    const answer = await refresh(test, 'a'.repeat(32), { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(answer.text)).toEqual({
      type: expect.stringContaining('REFRESH_TOKEN_EXPIRED'),
      title: expect.any(String),
      status: 401,
      code: 40_103,
      errorCode: 'REFRESH_TOKEN_EXPIRED',
    });
  });

  it('makes the framework’s own failures problem details, too', async () => {
    for (const [url, status] of [
      ['/nil', 404],
      ['/auth/%zz', 400],
    ] as const) {
      const answer = await call(test, { url, headers });
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(JSON.parse(answer.text)).toMatchObject({ status });
    }
  });

  it('leaves a success alone', async () => {
    const { refreshToken } = await login(test);
    const answer = await refresh(test, refreshToken, { headers });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.body.success).toBe(true);
  });
});

describe('statusMode always200', () => {
  const mode = async (statusMode: string) => {
    await test.sql(`UPDATE bo_project SET status_mode = $1 WHERE owner_id = 'acme'`, statusMode);
    test.clock.advance(STALENESS_MS + 1);
  };
  beforeAll(() => mode('always200'));
  afterAll(() => mode('http'));

  it('answers 200 with the same body', async () => {
    const failing = [
      { url: '/nil' },
      { url: '/auth/token/refresh' },
      { url: `/auth/token/refresh?refreshToken=${'a'.repeat(32)}` },
      { url: '/auth/user', verify: null },
      { url: '/auth/user' },
      { method: 'DELETE', url: '/auth/user' },
      { url: '/auth/%zz' },
      { method: 'POST', url: '/auth/token', payload: '{', headers: json },
      { method: 'POST', url: '/auth/token', payload: `"${'S'.repeat(70_000)}"`, headers: json },
    ] as const;
    for (const request of failing) {
      const always = await call(test, request);
      expect(always.status).toBe(200);
      expect(always.body.success).toBe(false);
      await mode('http');
      const http = await call(test, request);
      await mode('always200');
      expect(http.status).toBe(Math.floor(always.body.code / 100));
      expect(always.text).toBe(http.text);
    }
  });

  it('holds for this project alone', async () => {
    expect((await call(test, { owner: 'ptdev', url: '/auth/user' })).status).toBe(401);
    expect((await call(test, { owner: null, url: '/auth/user' })).status).toBe(400);
  });

  it('says Retry-After and Allow all the same', async () => {
    expect((await call(test, { method: 'DELETE', url: '/auth/user' })).headers['allow']).toBe('GET');
  });
});

describe('operators’ plugins', () => {
  const through = (name: string, refreshToken: string) =>
    call(test, { url: `/auth/token/refresh?refreshToken=${refreshToken}&_nodejs=${name}` });

  it('rewrite data and nothing else', async () => {
    const { refreshToken } = await login(test);
    const answer = await through('pair', refreshToken);
    expect(Object.keys(answer.body)).toEqual(KEYS);
    expect(answer.body.data).toEqual({
      accessToken: expect.stringMatching(/^ey/),
      refreshToken: expect.any(String),
      at: 'acme',
    });
    expect(dataOf(await through('later', refreshToken))).toMatchObject({ later: true, tokenSeq: 2 });
  });

  it.each(['throws', 'nonsense', 'mutates'])(
    '%s: 500 in the envelope, the reason in the log alone, and the token unspent',
    async (name) => {
      const { refreshToken } = await login(test);
      const mark = test.log.length;
      expectFailure(await through(name, refreshToken), '500 PLUGIN_FAILED');
      const lines = test.log.slice(mark).map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({ errorCode: 'PLUGIN_FAILED', status: 500 });
      expect(String(lines[0]?.['detail'])).toContain(`plugin ${name}`);
      expect(test.log.slice(mark).join()).not.toContain(refreshToken);
      const next = dataOf(await refresh(test, refreshToken));
      expect(next.tokenSeq).toBe(2);
    },
  );

  it('that fail at a login open no session', async () => {
    const count = async () => (await test.sql('SELECT count(*) AS n FROM bo_auth_session'))[0];
    const before = await count();
    const payload = { userName: 'alice', password: 'alice-password' };
    const answer = await call(test, { method: 'POST', url: '/auth/token?_nodejs=throws', payload });
    expect(refusalOf(answer)).toBe('500 PLUGIN_FAILED');
    expect(await count()).toEqual(before);
  });
});

describe('the rate limit', () => {
  let limited: TestApp;
  beforeAll(async () => {
    limited = await startApp({ RATE_LIMIT_PER_MINUTE: '5' });
  });
  afterAll(() => limited.close());

  it('is per project and client address, and says when to come back', async () => {
    const guess = (owner: string | null, ip: string) =>
      refresh(limited, 'a'.repeat(32), {
        owner,
        ip,
        headers: { 'x-forwarded-for': `198.51.100.${Math.random()}` },
      });
    for (let i = 0; i < 5; i++) expect((await guess('acme', '192.0.2.1')).status).toBe(401);
    const answer = await guess('acme', '192.0.2.1');
    expectFailure(answer, '429 RATE_LIMITED');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((await guess('acme', '192.0.2.2')).status).toBe(401);
    expect((await guess('ptdev', '192.0.2.1')).status).toBe(401);
    expect((await call(limited, { url: '//health/live', ip: '192.0.2.1' })).status).toBe(200);
  });

  it('counts all invented projects of an address together', async () => {
    const statuses = [];
    for (let i = 0; i < 7; i++)
      statuses.push((await refresh(limited, 'x', { owner: `nil-${i}`, ip: '192.0.2.9' })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });
});

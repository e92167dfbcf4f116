import { createHash } from 'node:crypto';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { StoreUnavailable } from '../../src/database/store-unavailable.js';
import { isOriginPattern, matchesOrigin } from '../../src/network/origin.js';
import { type Call, call, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';

const OPERATOR = 'operator-token-of-this-test';
const EVERYBODY = 'https://console.example.org';
const OWN = 'https://admin.acme.example';
const FOREIGN = 'https://evil.example';

let test: TestApp;
beforeAll(async () => {
  test = await startApp({
    CORS_ORIGINS: `${EVERYBODY}, https://*.preview.example.org`,
    OPERATOR_TOKEN_HASH: createHash('sha256').update(OPERATOR).digest('hex'),
  });
  await allow('acme', [OWN]);
});
afterAll(() => test.close());

const allow = (ownerId: string, allowedOrigins: unknown) =>
  call<{ allowedOrigins: string[] }>(test, {
    method: 'PATCH',
    url: `/admin/projects/${ownerId}`,
    bearer: OPERATOR,
    payload: { allowedOrigins },
  });
const ask = (origin: string | undefined, request: Call) =>
  call(test, { ...request, headers: { ...request.headers, origin } });
const preflight = (origin: string, method: string, url: string) =>
  ask(origin, {
    method: 'OPTIONS',
    url,
    owner: null,
    verify: null,
    headers: {
      'access-control-request-method': method,
      'access-control-request-headers': 'xownerid,xverifyapi',
    },
  });
const corsHeaders = ({ headers }: { headers: object }) =>
  Object.entries(headers).filter(([name]) => name.startsWith('access-control-'));
const readerOf = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
  headers['access-control-allow-origin'];

describe('a preflight', () => {
  it.each([OWN, EVERYBODY, 'https://pr-7.preview.example.org', 'http://localhost:5173', 'http://127.0.0.1'])(
    'of %s is answered before anything is known about the caller',
    async (origin) => {
      const answer = await preflight(origin, 'DELETE', '/auth/sessions');
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'DELETE, GET',
        'access-control-max-age': '7200',
        vary: 'Origin',
      });
      for (const header of ['XownerId', 'XverifyApi', 'XfilterAreaCode', 'Authorization', 'Content-Type'])
        expect(answer.headers['access-control-allow-headers']).toContain(header);
    },
  );

  it.each([
    FOREIGN,
    `${OWN}.evil.example`,
    OWN.toUpperCase(),
    `${OWN}:444`,
    'http://admin.acme.example',
    'null',
  ])('of %s gets 204 and nothing else', async (origin) => {
    const answer = await preflight(origin, 'GET', '/auth/token/refresh');
    expect([answer.status, corsHeaders(answer), answer.headers['vary']]).toEqual([204, [], 'Origin']);
  });

  it('to a path that does not exist is allowed, so that the page can read the 404', async () => {
    const answer = await preflight(OWN, 'PATCH', '/nowhere');
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-methods']).toContain('PATCH');
    const missing = await ask(OWN, { url: '/nowhere' });
    expect([refusalOf(missing), readerOf(missing)]).toEqual(['404 ROUTE_UNKNOWN', OWN]);
  });

  it('is only one with the method that it asks for: another OPTIONS stays 405', async () => {
    const answer = await ask(OWN, { method: 'OPTIONS', url: '/auth/user' });
    expect([refusalOf(answer), answer.headers['allow']]).toEqual(['405 METHOD_NOT_ALLOWED', 'GET']);
    expect(refusalOf(await ask(undefined, { method: 'OPTIONS', url: '/auth/user' }))).toBe(
      '405 METHOD_NOT_ALLOWED',
    );
  });
});

describe('a response', () => {
  it('can be read by the origins of its own project alone', async () => {
    const { refreshToken } = await login(test);
    const url = `/auth/token/refresh?refreshToken=${refreshToken}`;
    const answer = await ask(OWN, { url });
    expect([answer.status, readerOf(answer)]).toEqual([200, OWN]);
    expect(answer.headers['access-control-expose-headers']).toBe(
      'Date, x-request-id, Retry-After, WWW-Authenticate, DPoP-Nonce',
    );
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    for (const [origin, owner, reader] of [
      [OWN, 'ptdev', undefined],
      [FOREIGN, 'acme', undefined],
      [EVERYBODY, 'ptdev', EVERYBODY],
      [undefined, 'acme', undefined],
    ] as const) {
      const other = await ask(origin, { url: '/auth/user', owner });
      expect([origin, readerOf(other)]).toEqual([origin, reader]);
      expect(other.headers['vary']).toBe('Origin, Accept-Language');
    }
  });

  it('can be read where the project is not known, by the origins of any', async () => {
    for (const owner of ['nobody', null, 'a b'])
      for (const origin of [OWN, FOREIGN]) {
        const answer = await ask(origin, { url: '/auth/user', owner });
        expect([answer.status >= 400, readerOf(answer)]).toEqual([true, origin === OWN ? OWN : undefined]);
      }
  });

  it.each([
    ['400 PARAMETER_INVALID', { url: '/auth/token/refresh' }],
    [
      '400 REQUEST_MALFORMED',
      { method: 'POST', url: '/auth/token', payload: '{', headers: { 'content-type': 'application/json' } },
    ],
    ['400 REQUEST_MALFORMED', { url: '/auth/%zz' }],
    ['401 VERIFY_API_REFUSED', { url: '/auth/user', verify: 'x' }],
    ['401 REFRESH_TOKEN_EXPIRED', { url: '/auth/token/refresh?refreshToken=x' }],
    ['413 BODY_TOO_LARGE', { method: 'POST', url: '/auth/token', payload: { userName: 'x'.repeat(70_000) } }],
    [
      '415 MEDIA_TYPE_UNSUPPORTED',
      { method: 'POST', url: '/auth/token', payload: 'x', headers: { 'content-type': 'text/plain' } },
    ],
  ] as const)('%s can be read like a success', async (refusal, request) => {
    const answer = await ask(OWN, request as Call);
    expect([refusalOf(answer), readerOf(answer)]).toEqual([refusal, OWN]);
  });

  it('503 can still be read when the origins can no longer be', async () => {
    expect(readerOf(await ask(OWN, { url: '/auth/user' }))).toBe(OWN);
    const database = test.app.get(SqlDatabase, { strict: false });
    const fails = () => Promise.reject(new StoreUnavailable('gone'));
    Object.assign(database, { all: fails, find: fails });
    test.clock.advance(STALENESS_MS + 1);
    const [own, foreign] = [await ask(OWN, { url: '/auth/user' }), await ask(FOREIGN, { url: '/auth/user' })];
    for (const method of ['all', 'find']) Reflect.deleteProperty(database, method);
    expect([refusalOf(own), readerOf(own)]).toEqual(['503 UNAVAILABLE', OWN]);
    expect([refusalOf(foreign), readerOf(foreign)]).toEqual(['503 UNAVAILABLE', undefined]);
  });

  it('429 can be read, and preflights do not count', async () => {
    const limited = await startApp({ CORS_ORIGINS: EVERYBODY, RATE_LIMIT_PER_MINUTE: '1' });
    const send = (method: 'GET' | 'OPTIONS', headers: object) =>
      call(limited, { method, url: '/auth/user', headers: { origin: EVERYBODY, ...headers } });
    const answers = [];
    for (let i = 0; i < 3; i++) {
      const asked = await send('OPTIONS', { 'access-control-request-method': 'GET' });
      expect([asked.status, readerOf(asked)]).toEqual([204, EVERYBODY]);
      answers.push(await send('GET', {}));
    }
    expect(answers.map(({ status }) => status)).toEqual([401, 429, 429]);
    expect(readerOf(answers[2]!)).toBe(EVERYBODY);
    await limited.close();
  });
});

describe('the setting allowedOrigins', () => {
  it('takes effect at once, and an empty list clears it', async () => {
    const origin = 'https://*.tenant.example';
    const page = 'https://shop.tenant.example';
    expect((await allow('ptdev', [origin, origin])).body.data?.allowedOrigins).toEqual([origin]);
    const user = () => ask(page, { url: '/auth/user', owner: 'ptdev' });
    expect(readerOf(await user())).toBe(page);
    expect(readerOf(await preflight(page, 'GET', '/auth/user'))).toBe(page);
    expect((await allow('ptdev', [])).body.data?.allowedOrigins).toEqual([]);
    expect(readerOf(await user())).toBeUndefined();
    expect(readerOf(await preflight(page, 'GET', '/auth/user'))).toBeUndefined();
  });

  it('names what is no origin', async () => {
    for (const bad of ['*', 'admin.example.com', 'https://admin.example.com/', 'https://*', 7]) {
      const answer = await allow('acme', [bad]);
      expect(refusalOf(answer)).toBe('400 PARAMETER_INVALID');
      expect(answer.body.message).toMatch(/^allowedOrigins\.0 must be an origin such as/);
    }
    expect(refusalOf(await refresh(test, 'x'))).toBe('401 REFRESH_TOKEN_EXPIRED');
  });
});

describe('an origin pattern', () => {
  it.each([
    'https://admin.example.com',
    'http://localhost:5173',
    'https://xn--fiqs8s.example',
    'http://[::1]:8080',
    'https://*.example.com:8443',
    'capacitor://localhost',
  ])('%s may be listed', (text) => expect(isOriginPattern(text)).toBe(true));

  it.each([
    '',
    'null',
    '*',
    'https://*',
    'https://*.com',
    'https://*.*.example.com',
    'https://admin.*.example.com',
    'https://admin.example.com/',
    'https://admin.example.com:443',
    'https://Admin.example.com',
    'https://中国.example',
    'https://a@example.com',
    'http://localhost:*',
    'https://example.com:99999',
  ])('%s may not', (text) => expect(isOriginPattern(text)).toBe(false));

  it('with a star matches one label, and nothing that only looks like it', () => {
    const matches = (origin: string) => matchesOrigin('https://*.example.com', origin);
    expect(matches('https://a.example.com')).toBe(true);
    for (const origin of [
      'https://example.com',
      'https://.example.com',
      'https://a.b.example.com',
      'http://a.example.com',
      'https://a.example.com:444',
      'https://a.example.com.evil.example',
      'https://evil.example/.example.com',
      'https://aexample.com',
      'https://A.example.com',
    ])
      expect([origin, matches(origin)]).toEqual([origin, false]);
  });
});

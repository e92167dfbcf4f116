import { STALENESS_MS } from '../../src/cache/staleness.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import {
  type Answer,
  type Call,
  call,
  dataOf,
  login,
  refusalOf,
  startApp,
  type TestApp,
} from '../support/app.js';

const PAGE = 'https://admin.acme.example';
const DAYS_14 = 14 * 86_400;

let test: TestApp;
beforeAll(async () => {
  test = await startApp({ CORS_ORIGINS: PAGE, TRUSTED_PROXIES: '127.0.0.1' });
  await settings(`refresh_token_in = 'cookie'`);
});
afterAll(() => test.close());

const settings = async (assignments: string) => {
  await test.sql(`UPDATE bo_project SET ${assignments} WHERE owner_id = 'acme'`);
  test.clock.advance(STALENESS_MS + 1);
};
const ask = (request: Call, cookies: readonly string[] = []) =>
  call<TokenGrant>(test, {
    ...request,
    headers: { ...request.headers, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) },
  });
const signIn = (more: object = {}, headers: Call['headers'] = {}) =>
  ask({
    method: 'POST',
    url: '/auth/token',
    payload: { userName: 'bob', password: 'bob-password', ...more },
    headers,
  });
const refresh = (cookies: readonly string[], more: Partial<Call> = {}) =>
  ask({ method: 'POST', url: '/auth/token/refresh', ...more }, cookies);
const setCookie = ({ headers }: Answer) => headers['set-cookie'] as string | undefined;
/** `name=value`, as the browser sends it back. */
const cookieOf = (answer: Answer) => (setCookie(answer) ?? '').split(';', 1)[0] ?? '';
const CLEARED = 'bo_rt.acme=; Max-Age=0; Path=/bo/api/v3/auth; HttpOnly; SameSite=Strict';

describe('a project that keeps refresh tokens in a cookie', () => {
  it('sends none in a body, and refreshes by the cookie with GET and POST, a body or none', async () => {
    const first = await signIn();
    expect(dataOf(first).refreshToken).toBe('');
    expect(setCookie(first)).toMatch(
      new RegExp(
        `^bo_rt\\.acme=[0-9A-Za-z]{32}; Max-Age=${DAYS_14}; Path=/bo/api/v3/auth; HttpOnly; SameSite=Strict$`,
      ),
    );
    let cookie = cookieOf(first);
    for (const request of [{ method: 'GET' }, {}, { payload: {} }] as const) {
      const next = await refresh([cookie], request);
      expect([dataOf(next).refreshToken, cookieOf(next) === cookie]).toEqual(['', false]);
      cookie = cookieOf(next);
    }
    expect(dataOf(await refresh(['a=b', cookie, 'c=d'])).tokenSeq).toBe(5);
  });

  it('counts its age from the login, not from the refresh', async () => {
    test.clock.stop();
    const cookie = cookieOf(await signIn());
    test.clock.advance(60_000);
    const next = setCookie(await refresh([cookie]));
    test.clock.run();
    expect(next).toContain(`; Max-Age=${DAYS_14 - 60};`);
  });

  it('over https, also as a trusted proxy reports it, has the prefix and the attribute Secure', async () => {
    const secure = { 'x-forwarded-proto': 'https' };
    const first = await signIn({}, secure);
    expect(setCookie(first)).toMatch(/^__Secure-bo_rt\.acme=\w{32}; .*; HttpOnly; Secure; SameSite=Strict$/);
    expect((await refresh([cookieOf(first)], { headers: secure })).status).toBe(200);
    // The cookie of https is not that of http.
    expect(refusalOf(await refresh([cookieOf(first)]))).toBe('400 PARAMETER_INVALID');
  });

  it('lets a parameter win, and answers as it was asked', async () => {
    const app = dataOf(await signIn({ refreshTokenIn: 'body' }));
    expect(app.refreshToken).toHaveLength(32);
    const page = cookieOf(await signIn());
    const byParameter = await refresh([page], { payload: { refreshToken: app.refreshToken } });
    expect([dataOf(byParameter).refreshToken.length, setCookie(byParameter)]).toEqual([32, undefined]);
    expect(dataOf(await refresh([page])).tokenSeq).toBe(2);
    expect(refusalOf(await signIn({ refreshTokenIn: 'header' }))).toBe('400 PARAMETER_INVALID');
  });

  it('judges a name sent twice by the value that is genuine', async () => {
    const cookie = cookieOf(await signIn());
    const forged = `bo_rt.acme=${'a'.repeat(32)}`;
    expect((await refresh([forged, cookie])).status).toBe(200);
    const answer = await refresh([forged, forged]);
    expect([refusalOf(answer), setCookie(answer)]).toEqual(['400 PARAMETER_INVALID', undefined]);
  });

  it('answers 400 without any token, and for an empty parameter', async () => {
    const cookie = cookieOf(await signIn());
    const answers = [
      await refresh([]),
      await refresh(['bo_rt.acme=']),
      await refresh(['bo_rt.other=x']),
      await refresh([cookie], { payload: { refreshToken: '' } }),
      await refresh([cookie], { method: 'GET', url: '/auth/token/refresh?refreshToken=' }),
    ];
    for (const answer of answers)
      expect([refusalOf(answer), answer.body.message, setCookie(answer)]).toEqual([
        '400 PARAMETER_INVALID',
        'refreshToken must be given exactly once, as 1 to 4096 characters',
        undefined,
      ]);
  });

  it('ignores the cookie on a request that a foreign site caused', async () => {
    const cookie = cookieOf(await signIn());
    const from = (origin?: string) =>
      refresh([cookie], { headers: { 'sec-fetch-site': 'cross-site', ...(origin && { origin }) } });
    for (const origin of [undefined, 'https://evil.example', 'null'])
      expect(refusalOf(await from(origin))).toBe('400 PARAMETER_INVALID');
    expect((await from(PAGE)).status).toBe(200);
  });

  it('may go with requests of other sites only where SameSite is none', async () => {
    const credentials = async () => {
      const asked = await ask({
        method: 'OPTIONS',
        url: '/auth/token',
        owner: null,
        headers: { origin: PAGE, 'access-control-request-method': 'POST' },
      });
      const answers = [asked, await signIn({}, { origin: PAGE })];
      return answers.map(({ headers }) => headers['access-control-allow-credentials']);
    };
    expect(await credentials()).toEqual([undefined, undefined]);
    await settings(`cookie_same_site = 'none'`);
    expect(await credentials()).toEqual(['true', 'true']);
    expect(setCookie(await signIn())).toMatch(/SameSite=None$/);
    await settings(`cookie_same_site = 'strict'`);
  });
});

describe('the cookie is cleared', () => {
  const revoke = (cookies: readonly string[], payload?: object) =>
    ask({ method: 'POST', url: '/auth/token/revoke', ...(payload && { payload }) }, cookies);
  const end = (url: string, bearer: string, cookie: string) =>
    ask({ method: 'DELETE', url: `/auth/sessions${url}`, bearer }, [cookie]);

  it('by logging out with it, and by every later 401 for its session', async () => {
    const first = await signIn();
    const cookie = cookieOf(first);
    const out = await revoke([cookie]);
    expect([out.status, setCookie(out)]).toEqual([200, CLEARED]);
    for (const answer of [
      await refresh([cookie]),
      await ask({ url: '/auth/user', bearer: dataOf(first).accessToken }, [cookie]),
    ])
      expect([refusalOf(answer), setCookie(answer)]).toEqual(['401 SESSION_LOGGED_OUT', CLEARED]);
    const unknown = await refresh([`bo_rt.acme=${'a'.repeat(32)}`]);
    expect([refusalOf(unknown), setCookie(unknown)]).toEqual(['401 REFRESH_TOKEN_EXPIRED', CLEARED]);
  });

  it('not by what happens to another session', async () => {
    const app = dataOf(await signIn({ refreshTokenIn: 'body' }));
    const cookie = cookieOf(await signIn());
    for (const answer of [
      await revoke([cookie], { refreshToken: app.refreshToken }),
      await refresh([cookie], { payload: { refreshToken: app.refreshToken } }),
      await ask({ url: '/auth/user', bearer: app.accessToken }, [cookie]),
      await refresh([cookie], { payload: { refreshToken: 'a'.repeat(32) } }),
    ])
      expect(setCookie(answer)).toBeUndefined();
    expect((await refresh([cookie])).status).toBe(200);
  });

  it('by ending all sessions or this one, not by ending the others', async () => {
    const [first, second] = [await signIn(), await signIn()];
    const others = await end('?scope=others', dataOf(first).accessToken, cookieOf(first));
    expect([others.status, setCookie(others)]).toEqual([200, undefined]);
    const all = await end('?scope=all', dataOf(first).accessToken, cookieOf(first));
    expect(setCookie(all)).toBe(CLEARED);
    expect(refusalOf(await refresh([cookieOf(second)]))).toBe('401 SESSION_LOGGED_OUT');
  });

  it('where every answer has status 200, too', async () => {
    await settings(`status_mode = 'always200'`);
    const answer = await refresh([`bo_rt.acme=${'a'.repeat(32)}`]);
    expect([answer.status, answer.body.error.errorCode, setCookie(answer)]).toEqual([
      200,
      'REFRESH_TOKEN_EXPIRED',
      CLEARED,
    ]);
    await settings(`status_mode = 'http'`);
  });

  it('not by 409, nor by a refused key', async () => {
    const first = cookieOf(await signIn());
    const second = cookieOf(await refresh([first]));
    await refresh([second]);
    const superseded = await refresh([first]);
    expect([refusalOf(superseded), setCookie(superseded)]).toEqual([
      '409 REFRESH_TOKEN_SUPERSEDED',
      undefined,
    ]);
    const refused = await refresh([second], { verify: 'x' });
    expect([refusalOf(refused), setCookie(refused)]).toEqual(['401 VERIFY_API_REFUSED', undefined]);
  });
});

it('a project that keeps them in the body reads no cookie', async () => {
  const grant = await login(test, { owner: 'ptdev', user: 'dev' });
  const answer = await refresh([`bo_rt.ptdev=${grant.refreshToken}`], { owner: 'ptdev' });
  expect([refusalOf(answer), setCookie(answer)]).toEqual(['400 PARAMETER_INVALID', undefined]);
});

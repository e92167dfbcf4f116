import { createHmac } from 'node:crypto';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import {
  call,
  claimsOf,
  dataOf,
  encryptByDES,
  login,
  refresh,
  refusalOf,
  SAMPLE_TOKEN,
  startApp,
  type TestApp,
} from '../support/app.js';

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
});
afterAll(() => test.close());

describe('the documented call', () => {
  const sample = (more = '') =>
    call<TokenGrant>(test, {
      owner: 'ptdev',
      url: `/auth/token/refresh?refreshToken=${SAMPLE_TOKEN}${more}`,
      verify: encryptByDES('B28B7AF6-90E5-4FD6-A2C4-9A0C3C5B2AB9', 'ptdev-58'),
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });

  it('answers the sample, and answers it again', async () => {
    for (const answer of [await sample(), await sample()]) {
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      const { data, ...envelope } = answer.body;
      expect(envelope).toEqual({
        success: true,
        code: 0,
        message: '',
        error: { errorCode: null, errorText: null },
        cacheType: expect.stringMatching(/^(local|sqlite)$/),
        cacheDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
      expect(data).toEqual({
        tokenType: 'Bearer',
        tokenUser: {
          clientId: 'ptdev',
          userId: 'ptdev',
          userName: 'dev',
          pushName: '开发管理员',
          roleId: ['development'],
          depId: [],
          areaCode: [],
          jobId: [],
          sysId: [],
          mergeUserId: [],
          developer: 1,
        },
        timeStamp: expect.any(Number),
        refreshToken: SAMPLE_TOKEN,
        accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        clientId: 'ptdev',
        expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
        expiresIn: 60,
        tokenSeq: 1,
      });
      // The keys are in the sample's order, the added one last.
      expect(Object.keys(data ?? {})).toEqual([
        'tokenType',
        'tokenUser',
        'timeStamp',
        'refreshToken',
        'accessToken',
        'clientId',
        'expires',
        'expiresIn',
        'tokenSeq',
      ]);
    }
  });

  it('ends the session 14 days after its begin, as local time of the project', async () => {
    const { timeStamp, expires } = dataOf(await sample());
    const end = new Date(timeStamp + 14 * 86_400_000 + 8 * 3_600_000);
    expect(expires).toBe(end.toISOString().slice(0, 19));
  });

  it('never moves the session: the same begin and end at each refresh', async () => {
    const first = dataOf(await sample());
    test.clock.advance(25 * 60_000);
    const later = dataOf(await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' }));
    expect(later).toMatchObject({ timeStamp: first.timeStamp, expires: first.expires, tokenSeq: 1 });
    expect(later.accessToken).not.toBe(first.accessToken);
  });

  it('tells from which tier, and when that was read', async () => {
    const before = test.clock.now();
    await test.sql(`UPDATE bo_auth_session SET status = status WHERE id = '0000000000000001'`);
    const first = await sample();
    const second = await sample();
    expect(second.body.cacheType).toBe('local');
    expect(second.body.cacheDate).toBe(first.body.cacheDate);
    test.clock.advance(6_000);
    const third = await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' });
    expect(third.body.cacheType).toBe('sqlite');
    expect(Date.parse(third.body.cacheDate ?? '')).toBeGreaterThanOrEqual(before + 5_000);
  });

  it('has an access token with the claims of the sample, bit by bit', async () => {
    const { accessToken, expiresIn } = dataOf(await sample());
    const [header = '', payload = '', signature] = accessToken.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'HS256',
      typ: 'JWT',
      kid: expect.any(String),
    });
    const secret = 'development-only-jwt-secret-change-me';
    expect(createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url')).toBe(signature);
    const claims = claimsOf(accessToken);
    expect(Object.keys(claims).join(' ')).toBe(
      'iss aud id name client_id expires open_id wb_id wx_open_id wx_union_id telephone push_name head_icon ' +
        'dep_id sys_id merge_user_id area_code role_id developer nbf exp iat owner_id sid jti sub',
    );
    expect(claims).toMatchObject({
      iss: 'RG3',
      aud: 'api',
      id: 'ptdev',
      name: 'dev',
      client_id: 'ptdev',
      open_id: '',
      telephone: '',
      push_name: '开发管理员',
      dep_id: '',
      sys_id: '',
      area_code: '',
      role_id: 'development',
      developer: '1',
      owner_id: 'ptdev',
      sid: '0000000000000001',
    });
    const { iat, nbf, exp, expires } = claims as { iat: number; nbf: number; exp: number; expires: string };
    expect(nbf).toBe(iat);
    expect(exp - iat).toBe(60);
    expect(expiresIn).toBe(60);
    const local = new Date(exp * 1000 + 8 * 3_600_000);
    const clock = local.toISOString().slice(11, 19);
    expect(expires).toBe(
      `${local.getUTCFullYear()}/${local.getUTCMonth() + 1}/${local.getUTCDate()} ${clock}`,
    );
  });

  it('is kept out of caches and referrers', async () => {
    const { headers } = await sample();
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'referrer-policy': 'no-referrer',
    });
  });
});

describe('_nodejs', () => {
  const ptdev = (more: string) =>
    refresh(test, SAMPLE_TOKEN, {
      owner: 'ptdev',
      url: `/auth/token/refresh?refreshToken=${SAMPLE_TOKEN}${more}`,
    });

  it('absent and common-data are the same; common-data-under is snake case at every depth', async () => {
    const keys = (value: unknown): string[] =>
      Array.isArray(value)
        ? value.flatMap(keys)
        : typeof value === 'object' && value !== null
          ? Object.entries(value).flatMap(([key, inner]) => [key, ...keys(inner)])
          : [];
    const plain = dataOf(await ptdev(''));
    const camel = dataOf(await ptdev('&_nodejs=common-data'));
    const under: unknown = dataOf(await ptdev('&_nodejs=common-data-under'));
    expect(keys(camel)).toEqual(keys(plain));
    expect(keys(under)).toEqual(
      keys(plain).map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
    );
    expect(under).toMatchObject({
      token_type: 'Bearer',
      token_user: { push_name: '开发管理员', role_id: ['development'], merge_user_id: [] },
      refresh_token: SAMPLE_TOKEN,
      expires_in: 60,
      token_seq: 1,
    });
  });

  it('leaves the envelope alone', async () => {
    const { body } = await ptdev('&_nodejs=common-data-under');
    expect(Object.keys(body)).toEqual([
      'success',
      'code',
      'message',
      'data',
      'error',
      'cacheType',
      'cacheDate',
    ]);
  });

  it.each([
    'unknown',
    '',
    '__proto__',
    'constructor',
    '..%2Ffn-x',
    'common-data%00',
    'COMMON-DATA',
    'common-data&_nodejs=common-data',
    'a'.repeat(8_000),
  ])('%p: 400, and the token is not spent', async (name) => {
    const { refreshToken } = await login(test);
    const refused = await refresh(test, '', {
      url: `/auth/token/refresh?refreshToken=${refreshToken}&_nodejs=${name}`,
    });
    expect(refusalOf(refused)).toBe('400 PLUGIN_UNKNOWN');
    const refusedPost = await refresh(test, '', {
      method: 'POST',
      url: `/auth/token/refresh?_nodejs=${name}`,
      payload: { refreshToken },
    });
    expect(refusalOf(refusedPost)).toBe('400 PLUGIN_UNKNOWN');
    expect(dataOf(await refresh(test, refreshToken)).tokenSeq).toBe(2);
  });

  it('of a body is not read', async () => {
    const { refreshToken } = await login(test);
    const answer = await refresh(test, '', {
      method: 'POST',
      url: '/auth/token/refresh',
      payload: { refreshToken, _nodejs: 'unknown' },
    });
    expect(answer.status).toBe(200);
  });

  it('works on login and on the POST alias', async () => {
    const grant: unknown = await login(test, { url: '/auth/token?_nodejs=common-data-under' });
    expect(grant).toMatchObject({ token_user: { user_id: 'alice' } });
    const { refresh_token } = grant as { refresh_token: string };
    const answer = await refresh(test, '', {
      method: 'POST',
      url: '/auth/token/refresh?_nodejs=common-data-under',
      payload: { refreshToken: refresh_token },
    });
    expect(dataOf(answer)).toMatchObject({ token_seq: 2 });
  });
});

describe('the POST alias', () => {
  it('takes JSON and form bodies', async () => {
    const first = await login(test);
    const second = dataOf(
      await refresh(test, '', {
        method: 'POST',
        url: '/auth/token/refresh',
        payload: { refreshToken: first.refreshToken },
      }),
    );
    const third = dataOf(
      await refresh(test, '', {
        method: 'POST',
        url: '/auth/token/refresh',
        payload: `refreshToken=${second.refreshToken}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    );
    expect([first.tokenSeq, second.tokenSeq, third.tokenSeq]).toEqual([1, 2, 3]);
  });

  it('reads the token of the body, never that of the query', async () => {
    const { refreshToken } = await login(test);
    const url = `/auth/token/refresh?refreshToken=${refreshToken}`;
    expect(refusalOf(await call(test, { method: 'POST', url, payload: {} }))).toBe('400 PARAMETER_INVALID');
    expect(refusalOf(await call(test, { method: 'POST', url }))).toBe('400 PARAMETER_INVALID');
    const other = await call(test, { method: 'POST', url, payload: { refreshToken: 'a'.repeat(32) } });
    expect(refusalOf(other)).toBe('401 REFRESH_TOKEN_EXPIRED');
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });
});

describe('refreshToken', () => {
  it.each([
    ['missing', '/auth/token/refresh'],
    ['empty', '/auth/token/refresh?refreshToken='],
    ['twice', `/auth/token/refresh?refreshToken=${SAMPLE_TOKEN}&refreshToken=${SAMPLE_TOKEN}`],
    ['too long', `/auth/token/refresh?refreshToken=${'a'.repeat(4097)}`],
    ['in another case', `/auth/token/refresh?refreshtoken=${SAMPLE_TOKEN}`],
    ['as an array', `/auth/token/refresh?refreshToken[]=${SAMPLE_TOKEN}`],
    ['with NUL', `/auth/token/refresh?refreshToken=${SAMPLE_TOKEN}%00`],
  ])('%s: 400', async (_, url) => {
    const answer = await call(test, { owner: 'ptdev', url });
    expect(refusalOf(answer)).toBe('400 PARAMETER_INVALID');
    expect(answer.text).not.toContain(SAMPLE_TOKEN);
  });

  it('of 4096 characters is looked at', async () => {
    expect(refusalOf(await refresh(test, 'a'.repeat(4096)))).toBe('401 REFRESH_TOKEN_EXPIRED');
  });
});

describe('rotation', () => {
  it('gives a new token of 32 letters and digits each time, and the session stays', async () => {
    const tokens = [await login(test)];
    for (let i = 0; i < 5; i++) tokens.push(dataOf(await refresh(test, tokens.at(-1)!.refreshToken)));
    expect(new Set(tokens.map(({ refreshToken }) => refreshToken)).size).toBe(6);
    for (const { refreshToken } of tokens) expect(refreshToken).toMatch(/^[0-9A-Za-z]{32}$/);
    expect(tokens.map(({ tokenSeq }) => tokenSeq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(tokens.map(({ accessToken }) => claimsOf(accessToken)['sid'])).size).toBe(1);
    expect(new Set(tokens.map(({ timeStamp, expires }) => `${timeStamp} ${expires}`)).size).toBe(1);
  });

  it('of a session whose pepper this process lacks is 503: another process may have it', async () => {
    const { refreshToken, accessToken } = await login(test);
    await test.sql(
      'UPDATE bo_auth_session SET kid = $1, secret = $2 WHERE id = $3',
      'next',
      'another',
      String(claimsOf(accessToken)['sid']),
    );
    const answer = await refresh(test, refreshToken);
    expect(refusalOf(answer)).toBe('503 UNAVAILABLE');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('stores no token and no hash of one', async () => {
    const { refreshToken } = await login(test);
    const next = dataOf(await refresh(test, refreshToken));
    const rows = JSON.stringify([
      await test.sql('SELECT * FROM bo_auth_session'),
      await test.sql('SELECT * FROM bo_auth_event'),
    ]);
    for (const token of [refreshToken, next.refreshToken, next.accessToken])
      expect(rows).not.toContain(token);
  });
});

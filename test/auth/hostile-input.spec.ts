import * as fc from 'fast-check';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { call, encryptByDES, login, refresh, refusalOf, SAMPLE_TOKEN } from '../support/app.js';
import { test, alice, isWellFormed, startAttackedService } from './attacked-service.js';

startAttackedService();

describe('prototype pollution', () => {
  const polluted = () => ({}) as Record<string, unknown>;

  it('by JSON, forms and queries does nothing', async () => {
    const { refreshToken } = await login(test);
    const json = { 'content-type': 'application/json' };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const post = (payload: string, headers: Record<string, string>) =>
      call(test, { method: 'POST', url: '/auth/token/refresh', payload, headers });
    for (const key of ['__proto__', 'constructor']) {
      const inner = key === 'constructor' ? '{"prototype":{"polluted":1}}' : '{"polluted":1}';
      const answer = await post(`{"refreshToken":"x","${key}":${inner}}`, json);
      expect(refusalOf(answer)).toBe('400 REQUEST_MALFORMED');
      expect((await post(`refreshToken=x&${key}=polluted&${key}[polluted]=1`, form)).status).toBe(401);
    }
    const url = `/auth/token/refresh?refreshToken=${refreshToken}&__proto__[polluted]=1&constructor=1&__proto__=1`;
    expect((await call(test, { url })).status).toBe(200);
    expect(polluted()['polluted']).toBeUndefined();
  });

  it('by a stored user’s fields does nothing, through the key-case plugins too', async () => {
    await test.sql(`UPDATE bo_user SET role_id = '["__proto__","constructor"]', push_name = '__proto__'
      WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(STALENESS_MS + 1);
    const grant: unknown = await login(test, { user: 'bob', url: '/auth/token?_nodejs=common-data-under' });
    expect(grant).toMatchObject({
      token_user: { push_name: '__proto__', role_id: ['__proto__', 'constructor'] },
    });
    expect(polluted()['polluted']).toBeUndefined();
  });
});

describe('injection', () => {
  it('whatever a header or a field holds: a refusal of the catalogue, never 500', async () => {
    const odd = fc.oneof(
      fc.constantFrom(
        "' OR '1'='1",
        '"; DROP TABLE bo_user; --',
        '%s%n',
        '${7*7}',
        '../../etc/passwd',
        'FLUSHALL',
        '*1 $8 FLUSHALL',
        '{{x}}',
        '__proto__',
        'ａｃｍｅ',
        'acme\u200b',
        'null',
        '\u2028',
      ),
      fc.string({ maxLength: 70 }),
    );
    const header = odd.map((text) => encodeURI(isWellFormed(text) ? text : '').slice(0, 200));
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          XownerId: header,
          XsysId: header,
          XfilterAreaCode: header,
          XuserFromFirstShareId: header,
        }),
        odd,
        fc.constantFrom('XownerId', 'XsysId', 'XfilterAreaCode', 'XuserFromFirstShareId', 'body'),
        async (headers, text, where) => {
          const answer =
            where === 'body'
              ? await call(test, {
                  method: 'POST',
                  url: '/auth/token/introspect',
                  payload: { token: text || 'x' },
                })
              : await call(test, {
                  url: '/auth/token/refresh?refreshToken=x',
                  headers: { [where]: headers[where] },
                });
          expect(answer.status).toBeLessThan(500);
          expect(answer.body).toHaveProperty('error.errorCode');
        },
      ),
      { numRuns: 150 },
    );
    expect((await test.sql('SELECT count(*) AS n FROM bo_user'))[0]).toMatchObject({ n: expect.any(Number) });
  });
});

describe('the log', () => {
  it('has one valid JSON line a request and no secret in any, at debug level, whatever goes wrong', async () => {
    const mark = test.log.length;
    const { accessToken: bearer, refreshToken } = await login(test);
    const verify = encryptByDES('0f8fad5b-d9cb-469f-a165-70867728950e', 'acme-key');
    const secrets = [
      bearer,
      refreshToken,
      verify,
      'SECRET',
      'alice-password',
      test.config.jwtSecret,
      'acme-key',
    ];
    const json = { 'content-type': 'application/json' };
    const nasty = '\r\n\u001b[31m\u2028{"level":"fatal"}SECRET';
    const requests = [
      refresh(test, refreshToken, { verify }),
      refresh(test, refreshToken, { owner: 'ptdev' }),
      refresh(test, `SECRET${nasty}`),
      refresh(test, 'SECRET', { verify: 'SECRET' }),
      refresh(test, 'SECRET', { owner: 'SECRET SECRET' }),
      refresh(test, '', { url: `/auth/token/refresh?refreshToken=${refreshToken}&_nodejs=SECRET` }),
      refresh(test, '', { url: `/auth/tokens/${refreshToken}?SECRET` }),
      refresh(test, '', { url: `/auth/%zzSECRET${refreshToken}` }),
      refresh(test, '', { method: 'HEAD', url: `/auth/token/refresh?refreshToken=${refreshToken}` }),
      call(test, { url: '/auth/user', bearer }),
      call(test, { url: '/auth/user', headers: { authorization: 'Bearer SECRET', cookie: 'SECRET' } }),
      call(test, { url: '/auth/user', headers: { 'user-agent': 'SECRET' } }),
      call(test, { method: 'DELETE', url: `/auth/sessions/SECRET`, bearer }),
      call(test, { method: 'POST', url: '/auth/token', payload: `{"password":"SECRET`, headers: json }),
      call(test, { method: 'POST', url: '/auth/token', payload: { userName: 'alice', password: 'SECRET' } }),
      call(test, {
        method: 'POST',
        url: '/auth/token',
        payload: { userName: 'a\r\nb\u2028', password: nasty },
      }),
      call(test, {
        method: 'POST',
        url: '/auth/token',
        payload: 'SECRET',
        headers: { 'content-type': 'SECRET/x' },
      }),
      call(test, {
        method: 'POST',
        url: '/auth/token',
        payload: `"${'SECRET'.repeat(20_000)}"`,
        headers: json,
      }),
      call(test, { method: 'POST', url: '/auth/token/introspect', payload: { token: bearer } }),
      call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } }),
    ];
    await Promise.all(requests);
    const lines = test.log.slice(mark);
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.filter(({ msg }) => msg === 'request')).toHaveLength(requests.length + 1);
    for (const line of parsed)
      expect(line).toMatchObject({
        level: expect.any(String),
        time: expect.any(String),
        msg: expect.any(String),
      });
    for (const secret of secrets) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
  });

  it('has the private reason that the caller was not told', async () => {
    const mark = test.log.length;
    await refresh(test, 'a'.repeat(32), { verify: encryptByDES('no guid', 'acme-key') });
    expect(JSON.parse(test.log.slice(mark)[0] ?? '')).toMatchObject({
      errorCode: 'VERIFY_API_REFUSED',
      detail: 'no-guid',
      status: 401,
      route: '/bo/api/v3/auth/token/refresh',
      method: 'GET',
    });
  });

  it('of the whole suite so far holds no token', () => {
    const log = test.log.join('\n');
    for (const { refreshToken, accessToken } of [alice]) {
      expect(log).not.toContain(refreshToken);
      expect(log).not.toContain(accessToken);
    }
    expect(log).not.toContain(SAMPLE_TOKEN);
  });
});

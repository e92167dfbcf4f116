import { createHash, randomUUID } from 'node:crypto';
import type { Introspected } from '../../src/auth/introspection.js';
import {
  GRACE_MS,
  call,
  claimsOf,
  dataOf,
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

const introspect = async (token: string, owner = 'acme') =>
  dataOf(
    await call<Introspected>(test, {
      method: 'POST',
      url: '/auth/token/introspect',
      owner,
      payload: { token },
    }),
  );
const INACTIVE = { active: false };
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

it('tells the claims of an access token', async () => {
  const { accessToken } = await login(test);
  expect(await introspect(accessToken)).toEqual({
    active: true,
    token_type: 'Bearer',
    ...claimsOf(accessToken),
  });
});

it('tells whose a refresh token is, spends nothing and renews nothing', async () => {
  const { accessToken, refreshToken, timeStamp } = await login(test);
  const { sid } = claimsOf(accessToken);
  const before = await test.sql('SELECT * FROM bo_auth_session WHERE id = $1', String(sid));
  const answer = {
    active: true,
    token_type: 'refresh_token',
    owner_id: 'acme',
    id: 'alice',
    sub: 'alice',
    client_id: 'acme-web',
    sid,
    iat: Math.floor(timeStamp / 1000),
    exp: Math.floor(timeStamp / 1000) + 7 * 86_400,
    token_seq: 1,
  };
  expect(await introspect(refreshToken)).toEqual(answer);
  expect(await introspect(refreshToken)).toEqual(answer);
  expect(await test.sql('SELECT * FROM bo_auth_session WHERE id = $1', String(sid))).toEqual(before);
  expect(dataOf(await refresh(test, refreshToken)).tokenSeq).toBe(2);
});

it('knows an imported token', async () => {
  expect(await introspect(SAMPLE_TOKEN, 'ptdev')).toMatchObject({ active: true, id: 'ptdev', token_seq: 1 });
});

it('knows an imported token that is a JWT of its former issuer', async () => {
  const jwt = `${encoded({ alg: 'HS256' })}.${encoded({ jti: randomUUID() })}.c2lnbmF0dXJl`;
  const { accessToken, refreshToken } = await login(test);
  expect(await introspect(jwt)).toEqual(INACTIVE);
  await test.sql(
    'UPDATE bo_auth_session SET imported_token_hash = $1 WHERE id = $2',
    createHash('sha256').update(jwt).digest('hex'),
    String(claimsOf(accessToken)['sid']),
  );
  expect(await introspect(jwt)).toMatchObject({ active: true, token_type: 'refresh_token' });
  expect((await refresh(test, jwt)).status).toBe(200);
  expect(await introspect(refreshToken)).toMatchObject({ active: true });
});

it('says active: false alone for everything else', async () => {
  const { accessToken, refreshToken } = await login(test);
  const [header, payload, signature] = accessToken.split('.');
  const tokens = [
    'a'.repeat(32),
    'x',
    '...',
    'null',
    `${header}.${payload}.`,
    `${header}..${signature}`,
    `${accessToken}x`,
    refreshToken.toLowerCase(),
    `${refreshToken}0`,
    ` ${refreshToken}`,
    SAMPLE_TOKEN,
    '\u2028',
    'a'.repeat(8_192),
  ];
  for (const token of tokens) expect([token, await introspect(token)]).toEqual([token, INACTIVE]);
  for (const token of [accessToken, refreshToken]) expect(await introspect(token, 'ptdev')).toEqual(INACTIVE);
});

it('knows a spent token as inactive after the grace window, and ends nothing', async () => {
  const { refreshToken } = await login(test);
  const next = dataOf(await refresh(test, refreshToken));
  const third = dataOf(await refresh(test, next.refreshToken));
  test.clock.advance(GRACE_MS + 1_000);
  expect(await introspect(refreshToken)).toEqual(INACTIVE);
  expect(await introspect(third.refreshToken)).toMatchObject({ active: true, token_seq: 3 });
  expect((await refresh(test, third.refreshToken)).status).toBe(200);
});

it('knows expired tokens as inactive', async () => {
  const { accessToken, refreshToken } = await login(test);
  test.clock.advance(601_000);
  expect(await introspect(accessToken)).toEqual(INACTIVE);
  expect(await introspect(refreshToken)).toMatchObject({ active: true });
  test.clock.advance(7 * 86_400_000);
  expect(await introspect(refreshToken)).toEqual(INACTIVE);
});

it.each([
  {},
  { token: '' },
  { token: 'x'.repeat(8_193) },
  { token: { active: true } },
  { refreshToken: 'x' },
])('%j: 400', async (payload) => {
  const answer = await call(test, { method: 'POST', url: '/auth/token/introspect', payload });
  expect(refusalOf(answer)).toBe('400 PARAMETER_INVALID');
});

it('takes a form', async () => {
  const { refreshToken } = await login(test);
  const answer = await call<Introspected>(test, {
    method: 'POST',
    url: '/auth/token/introspect',
    payload: `token=${refreshToken}&token_type_hint=refresh_token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(dataOf(answer)).toMatchObject({ active: true });
});

import type { TokenGrant } from '../../src/auth/token-grant.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import {
  type Answer,
  call,
  claimsOf,
  dataOf,
  login,
  refresh,
  refusalOf,
  startApp,
  type TestApp,
} from '../support/app.js';
import { DpopClient, type ProofParts } from './dpop-client.js';

const REFUSED = '401 DPOP_PROOF_INVALID';

let test: TestApp;
let client: DpopClient;
let thief: DpopClient;

beforeAll(async () => {
  test = await startApp();
  client = await DpopClient.of(test);
  thief = await DpopClient.of(test);
});
afterAll(() => test.close());
afterEach(() => test.clock.run());

const signIn = {
  method: 'POST',
  url: '/auth/token',
  payload: { userName: 'alice', password: 'alice-password' },
} as const;
const post = (refreshToken: string) =>
  ({ method: 'POST', url: '/auth/token/refresh', payload: { refreshToken } }) as const;

const bound = async (by = client): Promise<TokenGrant> => dataOf(await by.call<TokenGrant>(signIn));
const renew = (token: string, by = client, parts?: ProofParts): Promise<Answer<TokenGrant>> =>
  by.call<TokenGrant>(post(token), parts);
const rowOf = async ({ accessToken }: TokenGrant) => {
  const { sid } = claimsOf(accessToken);
  const [row] = await test.sql('SELECT * FROM bo_auth_session WHERE id = $1', sid as string);
  return row!;
};
const reasonOf = (answer: Answer) => answer.headers['dpop-refusal'];

describe('a session that was opened with a proof', () => {
  it('is bound to its key', async () => {
    const grant = await bound();
    expect(grant.tokenType).toBe('DPoP');
    expect(claimsOf(grant.accessToken)['cnf']).toEqual({ jkt: client.jkt });
    expect(await rowOf(grant)).toMatchObject({ dpop_jkt: client.jkt });
    const next = dataOf(await renew(grant.refreshToken));
    expect(next.tokenType).toBe('DPoP');
    expect(claimsOf(next.accessToken)['cnf']).toEqual({ jkt: client.jkt });
    const byGet = await client.call<TokenGrant>({
      url: `/auth/token/refresh?refreshToken=${next.refreshToken}`,
    });
    expect(dataOf(byGet).tokenSeq).toBe(3);
  });

  it('is not refreshed without a valid proof by its key, and nothing is spent', async () => {
    const { refreshToken } = await bound();
    expect(refusalOf(await call(test, post(refreshToken)))).toBe(REFUSED);
    expect(refusalOf(await refresh(test, refreshToken))).toBe(REFUSED);
    expect(reasonOf(await refresh(test, refreshToken))).toBe('missing');
    const byThief = await renew(refreshToken, thief);
    expect([refusalOf(byThief), reasonOf(byThief)]).toEqual([REFUSED, 'other-key']);
    const next = dataOf(await renew(refreshToken));
    expect(next.tokenSeq).toBe(2);
  });

  it('cannot be ended by an old token without the key', async () => {
    const first = await bound();
    const second = dataOf(await renew(first.refreshToken));
    const third = dataOf(await renew(second.refreshToken));
    test.clock.advance(3_600_000);
    for (const old of [first, second])
      for (const answer of [await refresh(test, old.refreshToken), await renew(old.refreshToken, thief)])
        expect(refusalOf(answer)).toBe(REFUSED);
    expect(dataOf(await renew(third.refreshToken)).tokenSeq).toBe(4);
    // With the key, it counts as a copy.
    expect(refusalOf(await renew(first.refreshToken))).toBe('401 REFRESH_TOKEN_REUSED');
    // Why it ended is disclosed to the holder of the key alone.
    expect(refusalOf(await refresh(test, third.refreshToken))).toBe(REFUSED);
  });

  it('gives a copy of the token no answer inside the grace window', async () => {
    const { refreshToken } = await bound();
    const { refreshToken: next } = dataOf(await renew(refreshToken));
    for (const answer of [await refresh(test, refreshToken), await renew(refreshToken, thief)])
      expect(refusalOf(answer)).toBe(REFUSED);
    expect(dataOf(await renew(refreshToken)).refreshToken).toBe(next);
  });

  it('is ended by signing out, without a proof', async () => {
    const { refreshToken } = await bound();
    dataOf(await call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } }));
    expect(refusalOf(await renew(refreshToken))).toBe('401 SESSION_LOGGED_OUT');
  });

  it('says in an introspection how its access token is to be sent', async () => {
    const { accessToken } = await bound();
    const answer = await call(test, {
      method: 'POST',
      url: '/auth/token/introspect',
      payload: { token: accessToken },
    });
    expect(dataOf(answer)).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: client.jkt } });
  });
});

it('a session without a key ignores proofs', async () => {
  const grant = await login(test);
  expect(grant.tokenType).toBe('Bearer');
  const next = dataOf(await renew(grant.refreshToken));
  expect(next.tokenType).toBe('Bearer');
  expect(claimsOf(next.accessToken)).not.toHaveProperty('cnf');
  const nonsense = { ...post(next.refreshToken), headers: { DPoP: 'nonsense' } };
  expect((await call(test, nonsense)).status).toBe(200);
});

it('a login with an invalid proof is refused before the password is compared', async () => {
  const wrong = { ...signIn, payload: { userName: 'alice', password: 'wrong' } };
  const { length } = await test.sql(`SELECT 1 FROM bo_auth_event WHERE kind = 'login-failed'`);
  expect(refusalOf(await client.call(wrong, { claims: { htm: 'GET' } }))).toBe(REFUSED);
  expect(await test.sql(`SELECT 1 FROM bo_auth_event WHERE kind = 'login-failed'`)).toHaveLength(length);
  expect(refusalOf(await client.call(wrong))).toBe('401 CREDENTIALS_REFUSED');
});

it('a login that names a client with required proofs needs one', async () => {
  await test.sql(
    `INSERT INTO bo_client (owner_id, client_id, name, type, grants, scopes, dpop, created_at)
     VALUES ('acme', 'careful', 'careful', 'public', '[]', '[]', 'required', 0)`,
  );
  const named = { ...signIn, payload: { ...signIn.payload, clientId: 'careful' } };
  test.clock.advance(10_000);
  expect(refusalOf(await call(test, named))).toBe(REFUSED);
  expect(dataOf(await client.call<TokenGrant>(named)).tokenType).toBe('DPoP');
});

it('a changed password opens a bound session, too', async () => {
  const change = (password: string, newPassword: string) =>
    client.call<TokenGrant>({
      method: 'PUT',
      url: '/auth/password',
      payload: { userName: 'bob', password, newPassword },
    });
  const grant = dataOf(await change('bob-password', 'another secret'));
  expect(grant.tokenType).toBe('DPoP');
  expect(await rowOf(grant)).toMatchObject({ dpop_jkt: client.jkt });
  dataOf(await change('another secret', 'bob-password'));
});

describe('the access token of a bound session', () => {
  const user = { url: '/auth/user' } as const;
  const calls = [
    user,
    { url: '/auth/sessions' },
    { method: 'DELETE', url: '/auth/sessions/0000000000000000' },
    { url: '/admin/projects/acme' },
  ] as const;

  it('is good with a proof for it', async () => {
    const { accessToken } = await bound();
    expect(dataOf(await client.call(user, { accessToken }))).toMatchObject({ userId: 'alice' });
    expect(dataOf(await client.call({ url: '/auth/sessions' }, { accessToken }))).toHaveProperty('items');
  });

  it.each(calls)('is refused without one: $url', async (request) => {
    const { accessToken } = await bound();
    const asBearer = await call(test, { ...request, bearer: accessToken });
    expect(refusalOf(asBearer)).toBe('401 ACCESS_TOKEN_REFUSED');
    expect(asBearer.headers['www-authenticate']).toMatch(/^DPoP error="invalid_token", algs="ES256 /);
    const bare = await call(test, { ...request, headers: { Authorization: `DPoP ${accessToken}` } });
    expect([refusalOf(bare), reasonOf(bare)]).toEqual([REFUSED, 'missing']);
    expect(bare.headers['www-authenticate']).toMatch(/^DPoP error="invalid_dpop_proof", algs="/);
  });

  it('is refused with the proof of another key, token, method or path', async () => {
    const { accessToken } = await bound();
    const refused = async (by: DpopClient, parts: ProofParts) =>
      reasonOf(await by.call(user, { accessToken, ...parts }));
    expect(await refused(thief, {})).toBe('other-key');
    expect(await refused(client, { claims: { ath: 'x'.repeat(43) } })).toBe('wrong-token');
    expect(await refused(client, { claims: { ath: undefined } })).toBe('wrong-token');
    expect(await refused(client, { claims: { htm: 'POST' } })).toBe('wrong-method');
    expect(await refused(client, { claims: { htu: 'http://localhost/bo/api/v3/auth/sessions' } })).toBe(
      'wrong-uri',
    );
  });

  it('is told to nobody without the key whether its session has ended', async () => {
    const { accessToken, refreshToken } = await bound();
    await call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
    expect(refusalOf(await call(test, { ...user, bearer: accessToken }))).toBe('401 ACCESS_TOKEN_REFUSED');
    expect(refusalOf(await thief.call(user, { accessToken }))).toBe(REFUSED);
    expect(refusalOf(await client.call(user, { accessToken }))).toBe('401 SESSION_LOGGED_OUT');
  });

  it('is bound itself: one that the previous release issued for the session is refused', async () => {
    const { accessToken } = await login(test);
    const { sid } = claimsOf(accessToken);
    await test.sql('UPDATE bo_auth_session SET dpop_jkt = $1 WHERE id = $2', client.jkt, sid as string);
    test.clock.advance(STALENESS_MS + 1);
    expect(refusalOf(await call(test, { ...user, bearer: accessToken }))).toBe('401 ACCESS_TOKEN_REFUSED');
    expect(refusalOf(await client.call(user, { accessToken }))).toBe('401 ACCESS_TOKEN_REFUSED');
  });

  it('of an unbound session is a Bearer only', async () => {
    const { accessToken } = await login(test);
    const answer = await client.call(user, { accessToken });
    expect(refusalOf(answer)).toBe('401 ACCESS_TOKEN_REFUSED');
    expect((await call(test, { ...user, bearer: accessToken })).status).toBe(200);
    expect((await call(test, user)).headers['www-authenticate']).toMatch(/^Bearer, DPoP algs="/);
  });
});

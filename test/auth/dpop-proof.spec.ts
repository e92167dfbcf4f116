import { generateKeyPair, SignJWT, exportJWK, UnsecuredJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { ProjectDirectory } from '../../src/tenancy/project/project-directory.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { type Answer, call, dataOf, refusalOf, startApp, type TestApp } from '../support/app.js';
import { DpopClient, type ProofParts } from './dpop-client.js';

const REFUSED = '401 DPOP_PROOF_INVALID';

let test: TestApp;
let client: DpopClient;

beforeAll(async () => {
  test = await startApp();
  client = await DpopClient.of(test);
});
afterAll(() => test.close());

const signIn = {
  method: 'POST',
  url: '/auth/token',
  payload: { userName: 'alice', password: 'alice-password' },
} as const;
const post = (refreshToken: string) =>
  ({ method: 'POST', url: '/auth/token/refresh', payload: { refreshToken } }) as const;

const settings = async (set: string, owner = 'acme') => {
  await test.sql(`UPDATE bo_project SET ${set} WHERE owner_id = $1`, owner);
  await test.app.get(ProjectDirectory, { strict: false }).forget(owner);
};
const bound = async (): Promise<TokenGrant> => dataOf(await client.call<TokenGrant>(signIn));
/** A refusal, and its reason, which only development tells. */
const reasonOf = (answer: Answer) => [refusalOf(answer), answer.headers['dpop-refusal']];
const withProof = (proof: string) => call(test, { ...signIn, headers: { DPoP: proof } });
const login = (parts: ProofParts) => client.call(signIn, parts);

describe('a proof', () => {
  it.each(['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'])('may be signed with %s', async (alg) => {
    const by = await DpopClient.of(test, alg);
    expect(dataOf(await by.call<TokenGrant>(signIn)).tokenType).toBe('DPoP');
  });

  it('is signed with no other algorithm', async () => {
    const { jwk } = client;
    const claims = { jti: randomUUID(), htm: 'POST', htu: 'http://localhost/bo/api/v3/auth/token', iat: 1 };
    for (const alg of ['ES512', 'RS512']) {
      const by = await DpopClient.of(test, alg);
      expect(reasonOf(await by.call(signIn))).toEqual([REFUSED, 'bad-alg']);
    }
    const secret = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk });
    expect(reasonOf(await withProof(await secret.sign(new Uint8Array(32))))).toEqual([REFUSED, 'bad-alg']);
    expect(reasonOf(await withProof(new UnsecuredJWT(claims).encode()))).toEqual([REFUSED, 'malformed']);
  });

  it('has a public key that fits its signature and is quick to verify', async () => {
    const other = await DpopClient.of(test);
    const rsa = await DpopClient.of(test, 'RS256');
    const refused = async (by: DpopClient, header: object) =>
      reasonOf(await by.call(signIn, { header: { ...header } }))[1];
    expect(await refused(client, { jwk: other.jwk })).toBe('bad-signature');
    expect(await refused(client, { jwk: undefined })).toBe('bad-key');
    expect(await refused(client, { jwk: 'none' })).toBe('bad-key');
    expect(await refused(client, { jwk: { kty: 'oct', k: 'AAAA' } })).toBe('bad-key');
    expect(await refused(client, { jwk: { ...client.jwk, x: client.jwk.y } })).toBe('bad-key');
    expect(await refused(client, { jwk: rsa.jwk })).toBe('bad-key');
    expect(await refused(rsa, { jwk: { ...rsa.jwk, e: 'AQAAAAAAAAAB' } })).toBe('bad-key');
    expect(await refused(rsa, { jwk: { ...rsa.jwk, n: `${rsa.jwk.n}${'A'.repeat(400)}` } })).toBe('bad-key');
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    expect(await refused(client, { jwk: await exportJWK(privateKey) })).toBe('bad-key');
  });

  it('is a JWT of the type dpop+jwt, sent once', async () => {
    const proof = await client.proof('POST', signIn.url);
    expect(reasonOf(await login({ header: { typ: 'JWT' } }))).toEqual([REFUSED, 'bad-typ']);
    expect(reasonOf(await login({ header: { typ: undefined } }))).toEqual([REFUSED, 'bad-typ']);
    expect(reasonOf(await withProof(`${proof}, ${proof}`))).toEqual([REFUSED, 'sent-twice']);
    expect(reasonOf(await withProof(`${proof}${'A'.repeat(4096)}`))).toEqual([REFUSED, 'too-long']);
    for (const text of ['x', 'a.b', 'a.b.c', `${proof}.x`, `${proof}=`, 'bnVsbA.e30.AA', 'W10.e30.AA'])
      expect(reasonOf(await withProof(text))).toEqual([REFUSED, 'malformed']);
    expect((await withProof(proof)).status).toBe(200);
  });

  it('says for which request it was made, and when', async () => {
    const now = Math.floor(test.clock.now() / 1000);
    const refused = async (claims: ProofParts['claims']) => reasonOf(await login({ claims }))[1];
    for (const claim of ['jti', 'htm', 'htu', 'iat'])
      expect(await refused({ [claim]: undefined })).toBe('bad-claims');
    expect(await refused({ jti: '' })).toBe('bad-claims');
    expect(await refused({ htm: 'post' })).toBe('wrong-method');
    for (const iat of [now - 310, now + 70, 0, -1e300]) expect(await refused({ iat })).toBe('stale');
    expect(await refused({ exp: now - 100 })).toBe('stale');
    for (const iat of [now - 280, now + 50]) expect(await refused({ iat })).toBeUndefined();
  });

  it.each([
    'http://localhost/bo/api/v3/auth/token?a=b#c',
    'HTTP://LOCALHOST:80/bo/api/v3/auth/token',
    'http://localhost/bo/api/v3/x/../auth/./token',
    'http://localhost/bo/api/v3/%61uth/tok%65n',
    'http://127.0.0.1:5173/bo/api/v3/auth/token',
  ])('names the URI that it was made for: %s', async (htu) => {
    expect((await login({ claims: { htu } })).status).toBe(200);
  });

  it.each([
    'http://localhost/bo/api/v3/auth/token/',
    'http://localhost/bo/api/v3/auth',
    'http://localhost/bo/api/v3/auth%2Ftoken',
    'http://localhost/BO/api/v3/auth/token',
    'http://evil.example/bo/api/v3/auth/token',
    '/bo/api/v3/auth/token',
    'ftp://localhost/bo/api/v3/auth/token',
    'http://',
    '',
  ])('for another URI is refused: %s', async (htu) => {
    expect(reasonOf(await login({ claims: { htu } }))).toEqual([REFUSED, 'wrong-uri']);
  });
});

describe('the same proof', () => {
  it('with the same request is an honest retry', async () => {
    const { refreshToken } = await bound();
    const headers = { DPoP: await client.proof('POST', '/auth/token/refresh') };
    const answers = [];
    for (let i = 0; i < 3; i++)
      answers.push(dataOf(await call<TokenGrant>(test, { ...post(refreshToken), headers })));
    expect(new Set(answers.map((grant) => grant.refreshToken)).size).toBe(1);
  });

  it('with another request is refused, and the token is not spent', async () => {
    const first = await bound();
    const second = await bound();
    const headers = { DPoP: await client.proof('POST', '/auth/token/refresh') };
    expect((await call(test, { ...post(first.refreshToken), headers })).status).toBe(200);
    expect(reasonOf(await call(test, { ...post(second.refreshToken), headers }))).toEqual([
      REFUSED,
      'replayed',
    ]);
    expect(dataOf(await client.call<TokenGrant>(post(second.refreshToken))).tokenSeq).toBe(2);
  });

  it('in parallel with different tokens serves one', async () => {
    const grants = await Promise.all(Array.from({ length: 8 }, bound));
    const headers = { DPoP: await client.proof('POST', '/auth/token/refresh') };
    const answers = await Promise.all(
      grants.map(({ refreshToken }) => call(test, { ...post(refreshToken), headers })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('with the token of another cookie is refused', async () => {
    await settings(`refresh_token_in = 'cookie'`);
    const cookies = [];
    for (let i = 0; i < 2; i++)
      cookies.push(String((await client.call(signIn)).headers['set-cookie']).split(';')[0]);
    const DPoP = await client.proof('POST', '/auth/token/refresh');
    const renew = (cookie?: string) =>
      call(test, { method: 'POST', url: '/auth/token/refresh', headers: { DPoP, cookie } });
    expect((await renew(cookies[0])).status).toBe(200);
    expect(reasonOf(await renew(cookies[1]))).toEqual([REFUSED, 'replayed']);
    expect((await renew(cookies[0])).status).toBe(200);
    await settings(`refresh_token_in = 'body'`);
  });

  it('is told by jti and key', async () => {
    const jti = `${'long '.repeat(100)}${randomUUID()}`;
    const iat = Math.floor(test.clock.now() / 1000);
    expect((await login({ claims: { jti, iat } })).status).toBe(200);
    expect(reasonOf(await login({ claims: { jti, iat: iat - 1 } }))).toEqual([REFUSED, 'replayed']);
    const other = await DpopClient.of(test);
    expect((await other.call(signIn, { claims: { jti } })).status).toBe(200);
    // After the window, the proof itself is too old.
    test.clock.advance(301_000);
    expect((await login({ claims: { jti } })).status).toBe(200);
  });

  it('does not mix with the GUIDs of XverifyApi', async () => {
    const guid = randomUUID().replaceAll('-', '');
    expect((await login({ claims: { jti: guid } })).status).toBe(200);
    expect((await login({ claims: { jti: randomUUID() } })).status).toBe(200);
  });

  it('is not used up by a request that is refused for another reason', async () => {
    const { accessToken } = await bound();
    const jti = randomUUID();
    const user = { url: '/auth/user' } as const;
    expect(reasonOf(await client.call(user, { accessToken, claims: { jti, htm: 'PUT' } }))[1]).toBe(
      'wrong-method',
    );
    expect((await client.call(user, { accessToken, claims: { jti } })).status).toBe(200);
  });
});

describe('where the project asks for nonces', () => {
  beforeAll(() => settings(`dpop_nonce = 'on'`));
  const nonceOf = (answer: Answer) => answer.headers['dpop-nonce'] as string | undefined;

  it('a proof without one is refused with one', async () => {
    const answer = await login({});
    expect(reasonOf(answer)).toEqual([REFUSED, 'nonce-missing']);
    const nonce = nonceOf(answer)!;
    expect(nonce).toMatch(/^[\w-]{43}$/);
    const accepted = await login({ claims: { nonce } });
    expect(accepted.status).toBe(200);
    expect(nonceOf(accepted)).toBeUndefined();
    expect(nonceOf(await login({ claims: { nonce, htm: 'GET' } }))).toBeUndefined();
    expect((await call(test, signIn)).status).toBe(200);
  });

  it('a nonce grows old: a success brings the next one, and in the end it is refused', async () => {
    test.clock.stop();
    const nonce = nonceOf(await login({}))!;
    test.clock.advance(300_000);
    const aging = await login({ claims: { nonce } });
    expect(aging.status).toBe(200);
    expect(nonceOf(aging)).not.toBe(nonce);
    test.clock.advance(300_000);
    const stale = await login({ claims: { nonce } });
    expect(reasonOf(stale)).toEqual([REFUSED, 'nonce-stale']);
    expect((await login({ claims: { nonce: nonceOf(aging)! } })).status).toBe(200);
    test.clock.run();
  });

  it('a foreign nonce is refused', async () => {
    const nonce = nonceOf(await login({}))!;
    await settings(`dpop_nonce = 'on'`, 'ptdev');
    const elsewhere = { ...signIn, owner: 'ptdev', payload: { userName: 'dev', password: 'dev-password' } };
    expect(reasonOf(await client.call(elsewhere, { claims: { nonce } }))[1]).toBe('nonce-stale');
    expect(reasonOf(await login({ claims: { nonce: 'invented' } }))[1]).toBe('nonce-stale');
  });

  it('an access token is refused with a challenge', async () => {
    const nonce = nonceOf(await login({}))!;
    const { accessToken } = dataOf(await client.call<TokenGrant>(signIn, { claims: { nonce } }));
    const answer = await client.call({ url: '/auth/user' }, { accessToken });
    expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="use_dpop_nonce", algs="/);
    const claims = { nonce: nonceOf(answer)! };
    expect((await client.call({ url: '/auth/user' }, { accessToken, claims })).status).toBe(200);
  });
});

import { DEVELOPMENT_OPERATOR_TOKEN } from '../../src/config/config.js';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { call, claimsOf, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';
import { addClient, basic, type Client, errorOf, oauth } from '../support/oauth.js';

const ORIGIN = 'https://auth.example.com';
const TOKEN = `${ORIGIN}/bo/api/v3/oauth/acme/token`;
const ALICE = { grant_type: 'password', username: 'alice', password: 'alice-password' };

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

let test: TestApp;
let shop: Client;
let strict: Client;
let own: Keys;
let other: Keys;
beforeAll(async () => {
  test = await startApp({ PUBLIC_URL: ORIGIN });
  const grants = ['password', 'refresh_token', 'client_credentials'];
  shop = await addClient(test, { clientId: 'shop', type: 'confidential', grants });
  strict = await addClient(test, { clientId: 'strict', type: 'confidential', grants, dpop: 'required' });
  [own, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
});
afterAll(() => test.close());

async function proof({ publicKey, privateKey }: Keys, claims: object = {}): Promise<{ dpop: string }> {
  const jwt = new SignJWT({ htm: 'POST', htu: TOKEN, jti: randomUUID(), ...claims })
    .setIssuedAt(Math.floor(test.clock.now() / 1000))
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) });
  return { dpop: await jwt.sign(privateKey) };
}

const token = (form: Record<string, string>, client: Client, headers: object = {}) =>
  oauth(test, 'token', form, { ...basic(client), ...headers });
const refreshed = (refreshToken: unknown, headers: object = {}) =>
  token({ grant_type: 'refresh_token', refresh_token: String(refreshToken) }, shop, headers);

it('binds a session to the key of the proof', async () => {
  const { body } = await token(ALICE, shop, await proof(own));
  expect(body['token_type']).toBe('DPoP');
  const jkt = await calculateJwkThumbprint(await exportJWK(own.publicKey));
  expect(claimsOf(String(body['access_token']))['cnf']).toEqual({ jkt });
});

it('answers a thief who has the token without the key, and disturbs nobody', async () => {
  const first = (await token(ALICE, shop, await proof(own))).body['refresh_token'];
  expect(errorOf(await refreshed(first))).toBe('400 invalid_dpop_proof');
  expect(errorOf(await refreshed(first, await proof(other)))).toBe('400 invalid_dpop_proof');
  expect(refusalOf(await refresh(test, String(first)))).toBe('401 REFRESH_TOKEN_EXPIRED');
  const second = await refreshed(first, await proof(own));
  const third = await refreshed(second.body['refresh_token'], await proof(own));
  expect([second.status, third.status, third.body['token_type']]).toEqual([200, 200, 'DPoP']);
  test.clock.advance(200_000);
  // An old token would end the session as a copy; without the key it does nothing.
  expect(errorOf(await refreshed(first))).toBe('400 invalid_dpop_proof');
  expect((await refreshed(third.body['refresh_token'], await proof(own))).status).toBe(200);
});

it('is required where the client says so', async () => {
  expect(errorOf(await token(ALICE, strict))).toBe('400 invalid_dpop_proof');
  expect((await token(ALICE, strict, await proof(own))).status).toBe(200);
  const service = { grant_type: 'client_credentials' };
  expect(errorOf(await token(service, strict))).toBe('400 invalid_dpop_proof');
  const { body } = await token(service, strict, await proof(own));
  expect(body['token_type']).toBe('DPoP');
  expect(claimsOf(String(body['access_token']))).toHaveProperty('cnf.jkt');
});

it('is required of a documented login too, named or by default', async () => {
  const web = { clientId: 'acme-web', type: 'public', dpop: 'required' } as const;
  await addClient(test, web);
  const signIn = (user: string, more: object = {}) =>
    call(test, {
      method: 'POST',
      url: '/auth/token',
      payload: { userName: user, password: `${user}-password`, ...more },
    });
  expect(refusalOf(await signIn('alice'))).toBe('401 DPOP_PROOF_INVALID');
  expect(refusalOf(await signIn('alice', { clientId: 'acme-web' }))).toBe('401 DPOP_PROOF_INVALID');
  expect((await signIn('alice', { clientId: 'another' })).status).toBe(200);
  const changed = await call(test, {
    method: 'PUT',
    url: '/auth/password',
    payload: { userName: 'alice', password: 'alice-password', newPassword: 'another secret' },
  });
  expect(refusalOf(changed)).toBe('401 DPOP_PROOF_INVALID');
  const granted = await call(test, {
    method: 'POST',
    url: '/admin/projects/acme/users/alice/grants',
    bearer: DEVELOPMENT_OPERATOR_TOKEN,
    payload: { clientId: 'acme-web' },
  });
  expect(refusalOf(granted)).toBe('401 DPOP_PROOF_INVALID');
});

it('asks for a nonce where the project does', async () => {
  await test.sql(`UPDATE bo_project SET dpop_nonce = 'on' WHERE owner_id = 'acme'`);
  test.clock.advance(6_000);
  const asked = await token(ALICE, shop, await proof(own));
  expect(errorOf(asked)).toBe('400 use_dpop_nonce');
  const nonce = asked.headers['dpop-nonce'];
  expect((await token(ALICE, shop, await proof(own, { nonce }))).status).toBe(200);
});

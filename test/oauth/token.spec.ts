import { DEVELOPMENT_OPERATOR_TOKEN } from '../../src/config/config.js';
import { call, claimsOf, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';
import { addClient, basic, type Client, errorOf, oauth } from '../support/oauth.js';

const SECOND_MS = 1_000;

let test: TestApp;
let shop: Client;
let page: Client;
let service: Client;
beforeAll(async () => {
  test = await startApp();
  const grants = ['password', 'refresh_token'];
  shop = await addClient(test, { clientId: 'shop:1', type: 'confidential', grants, scopes: ['a', 'b'] });
  page = await addClient(test, { clientId: 'acme-web', type: 'public', grants, scopes: ['a', 'b'] });
  service = await addClient(test, { clientId: 'orders', type: 'confidential', scopes: ['read', 'grant'] });
});
afterAll(() => test.close());

const ALICE = { grant_type: 'password', username: 'alice', password: 'alice-password' };
const token = (form: Record<string, string> | string, client?: Client) =>
  oauth(test, 'token', form, client === undefined ? {} : basic(client));
const refreshed = (refreshToken: unknown, client?: Client, more: Record<string, string> = {}) =>
  token({ grant_type: 'refresh_token', refresh_token: String(refreshToken), ...more }, client);
const byPage = { client_id: 'acme-web' };

describe('the password grant', () => {
  it('opens a session of the client', async () => {
    const { status, body, headers } = await token({ ...ALICE, scope: 'a' }, shop);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'refresh_token']);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    expect([headers['cache-control'], headers['pragma']]).toEqual(['no-store', 'no-cache']);
    expect(claimsOf(String(body['access_token']))).toMatchObject({
      iss: 'RG3',
      aud: 'api',
      sub: 'alice',
      client_id: 'shop:1',
      scope: 'a',
    });
  });

  it('grants all scopes of the client if none is asked for, and says so', async () => {
    expect((await token(ALICE, shop)).body['scope']).toBe('a b');
    expect(errorOf(await token({ ...ALICE, scope: 'a c' }, shop))).toBe('400 invalid_scope');
    expect(errorOf(await token({ ...ALICE, scope: 'a  b' }, shop))).toBe('400 invalid_scope');
  });

  it('refuses what a login refuses, as invalid_grant', async () => {
    expect(errorOf(await token({ ...ALICE, password: 'wrong' }, shop))).toBe('400 invalid_grant');
    expect(errorOf(await token({ ...ALICE, username: 'nobody' }, shop))).toBe('400 invalid_grant');
    expect(errorOf(await token({ grant_type: 'password', username: 'alice' }, shop))).toBe(
      '400 invalid_request',
    );
    expect(errorOf(await token(ALICE, service))).toBe('400 unauthorized_client');
  });

  it('gives a client without the grant refresh_token no refresh token', async () => {
    const once = await addClient(test, { clientId: 'once', type: 'confidential', grants: ['password'] });
    const { status, body } = await token(ALICE, once);
    expect([status, body['refresh_token']]).toEqual([200, undefined]);
  });
});

describe('client authentication', () => {
  it.each([
    ['no client', {}, undefined, '401 invalid_client'],
    ['an unknown client', { client_id: 'nobody' }, undefined, '401 invalid_client'],
    ['a confidential client without its secret', { client_id: 'shop:1' }, undefined, '401 invalid_client'],
    ['a public client with a secret', { ...byPage, client_secret: 'x' }, undefined, '401 invalid_client'],
    ['two ways at once', { client_secret: 'x' }, 'shop', '400 invalid_request'],
    ['another client_id than in Basic', byPage, 'shop', '401 invalid_client'],
    ['the same client_id as in Basic', { client_id: 'shop:1' }, 'shop', '200 undefined'],
  ])('%s', async (_, form, by, expected) => {
    expect(errorOf(await token({ ...ALICE, ...form }, by === undefined ? undefined : shop))).toBe(expected);
  });

  it('takes the secret in the body, and refuses a wrong one', async () => {
    const form = { ...ALICE, client_id: shop.clientId, client_secret: shop.clientSecret };
    expect((await token(form)).status).toBe(200);
    expect(errorOf(await token({ ...form, client_secret: 'wrong' }))).toBe('401 invalid_client');
    const wrong = await token(ALICE, { ...shop, clientSecret: 'wrong' });
    expect(errorOf(wrong)).toBe('401 invalid_client');
    expect(wrong.headers['www-authenticate']).toMatch(/^Basic realm=/);
  });

  it.each(['Basic', 'Basic %%%', `Basic ${Buffer.from('%zz:x').toString('base64')}`, 'Bearer x'])(
    'an ill-formed Authorization header: %s',
    async (authorization) => {
      const answer = await oauth(test, 'token', ALICE, { authorization });
      expect(errorOf(answer)).toBe('401 invalid_client');
    },
  );

  it('accepts the former secret during the overlap, and no longer', async () => {
    const client = await addClient(test, { clientId: 'rotating', type: 'confidential' });
    const rotated = await call<Client>(test, {
      method: 'POST',
      url: '/admin/projects/acme/clients/rotating/rotate-secret',
      bearer: DEVELOPMENT_OPERATOR_TOKEN,
      payload: { overlapSeconds: 60 },
    });
    const both = [client, { ...client, clientSecret: rotated.body.data!.clientSecret }];
    const statuses = () =>
      Promise.all(both.map(async (each) => (await token({ grant_type: 'client_credentials' }, each)).status));
    expect(await statuses()).toEqual([200, 200]);
    test.clock.advance(61 * SECOND_MS);
    expect(await statuses()).toEqual([401, 200]);
  });

  it('puts no secret into the log', () => {
    for (const { clientSecret } of [shop, service]) expect(test.log.join('\n')).not.toContain(clientSecret);
  });
});

describe('the form', () => {
  it.each([
    [
      'a parameter twice',
      'grant_type=password&grant_type=password&client_id=acme-web',
      '400 invalid_request',
    ],
    ['no grant_type', 'client_id=acme-web', '400 invalid_request'],
    ['an empty grant_type', 'client_id=acme-web&grant_type=', '400 invalid_request'],
    [
      'an unknown grant_type',
      'client_id=acme-web&grant_type=authorization_code',
      '400 unsupported_grant_type',
    ],
    [
      'a grant that the client lacks',
      'client_id=acme-web&grant_type=client_credentials',
      '400 unauthorized_client',
    ],
    ['no refresh_token', 'client_id=acme-web&grant_type=refresh_token', '400 invalid_request'],
    [
      'an unknown parameter',
      'client_id=acme-web&grant_type=refresh_token&refresh_token=x&more=1',
      '400 invalid_grant',
    ],
  ])('%s', async (_, form, expected) => {
    expect(errorOf(await token(form))).toBe(expected);
  });

  it('is no JSON', async () => {
    const json = await oauth(test, 'token', JSON.stringify({ ...ALICE, ...byPage }), {
      'content-type': 'application/json',
    });
    expect(errorOf(json)).toBe('400 invalid_request');
    expect(errorOf(await oauth(test, 'token', '{', { 'content-type': 'application/json' }))).toBe(
      '400 invalid_request',
    );
  });

  it('is answered with 404 for a project that does not exist', async () => {
    expect(errorOf(await oauth(test, 'token', ALICE, basic(shop), 'nobody'))).toBe('404 invalid_request');
    expect(errorOf(await oauth(test, 'token', ALICE, basic(shop), 'ptdev'))).toBe('401 invalid_client');
  });
});

describe('the refresh_token grant', () => {
  it('rotates, and answers a replay with the same successor', async () => {
    const first = (await token(ALICE, shop)).body['refresh_token'];
    const second = await refreshed(first, shop);
    expect(second.status).toBe(200);
    expect((await refreshed(first, shop)).body['refresh_token']).toBe(second.body['refresh_token']);
    expect((await refreshed(second.body['refresh_token'], shop)).status).toBe(200);
  });

  it('says 503 where the documented call says 409, and invalid_grant for a copy', async () => {
    const tokens: unknown[] = [(await token(ALICE, shop)).body['refresh_token']];
    for (let i = 0; i < 2; i++) tokens.push((await refreshed(tokens.at(-1), shop)).body['refresh_token']);
    const superseded = await refreshed(tokens[0], shop);
    expect(errorOf(superseded)).toBe('503 temporarily_unavailable');
    expect(Number(superseded.headers['retry-after'])).toBeGreaterThan(0);
    test.clock.advance(121 * SECOND_MS);
    expect(errorOf(await refreshed(tokens[0], shop))).toBe('400 invalid_grant');
    expect(errorOf(await refreshed(tokens[2], shop))).toBe('400 invalid_grant');
  });

  it('keeps the scope of the session, narrows it on request, and never widens it', async () => {
    const first = (await token({ ...ALICE, scope: 'a' }, shop)).body['refresh_token'];
    expect(errorOf(await refreshed(first, shop, { scope: 'a b' }))).toBe('400 invalid_scope');
    const both = (await token(ALICE, shop)).body['refresh_token'];
    const narrow = await refreshed(both, shop, { scope: 'b' });
    expect(claimsOf(String(narrow.body['access_token']))['scope']).toBe('b');
    const wide = await refreshed(narrow.body['refresh_token'], shop);
    expect(claimsOf(String(wide.body['access_token']))['scope']).toBe('a b');
    // The refused refresh has spent nothing.
    expect((await refreshed(first, shop)).status).toBe(200);
  });

  it('is for the client of the session alone', async () => {
    const ofShop = (await token(ALICE, shop)).body['refresh_token'];
    expect(errorOf(await refreshed(ofShop, undefined, byPage))).toBe('400 invalid_grant');
    expect(refusalOf(await refresh(test, String(ofShop)))).toBe('401 REFRESH_TOKEN_EXPIRED');
    const ofPage = (await token({ ...ALICE, ...byPage })).body['refresh_token'];
    expect(errorOf(await refreshed(ofPage, shop))).toBe('400 invalid_grant');
    for (const [refreshToken, client] of [
      [ofShop, shop],
      [ofPage, undefined],
    ] as const)
      expect((await refreshed(refreshToken, client, client === undefined ? byPage : {})).status).toBe(200);
  });

  it('shares a session with the documented call, whose client is public', async () => {
    const { refreshToken } = await login(test);
    const second = await refreshed(refreshToken, undefined, byPage);
    const third = await refresh(test, String(second.body['refresh_token']));
    expect([second.status, third.status, third.body.data?.tokenSeq]).toEqual([200, 200, 3]);
    expect(errorOf(await refreshed(page.clientId, undefined, byPage))).toBe('400 invalid_grant');
  });
});

describe('the client_credentials grant', () => {
  it('gives a service a token without user, session and refresh token', async () => {
    const { body } = await token({ grant_type: 'client_credentials', scope: 'read' }, service);
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in']);
    const claims = claimsOf(String(body['access_token']));
    expect(claims).toMatchObject({ sub: 'orders', client_id: 'orders', scope: 'read', owner_id: 'acme' });
    expect([claims['sid'], claims['id']]).toEqual([undefined, undefined]);
  });

  it('whose token is none of a user', async () => {
    const { body } = await token({ grant_type: 'client_credentials' }, service);
    const user = await call(test, { url: '/auth/user', bearer: String(body['access_token']) });
    expect(refusalOf(user)).toBe('401 ACCESS_TOKEN_REFUSED');
  });
});

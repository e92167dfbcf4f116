import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { DEVELOPMENT_OPERATOR_TOKEN } from '../../src/config/config.js';
import { call, claimsOf, dataOf, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';
import { addClient, basic, type Client, errorOf, oauth } from '../support/oauth.js';

const ISSUER = 'https://auth.example.com/bo/api/v3/oauth/acme';

let test: TestApp;
let service: Client;
let shop: Client;
beforeAll(async () => {
  test = await startApp({ PUBLIC_URL: 'https://auth.example.com' });
  const grants = ['password', 'refresh_token'];
  service = await addClient(test, { clientId: 'orders', type: 'confidential', scopes: ['grant', 'read'] });
  shop = await addClient(test, { clientId: 'shop', type: 'confidential', grants });
  await addClient(test, { clientId: 'acme-web', type: 'public', grants });
});
afterAll(() => test.close());

const set = (settings: object) =>
  call(test, {
    method: 'PATCH',
    url: '/admin/projects/acme',
    bearer: DEVELOPMENT_OPERATOR_TOKEN,
    payload: settings,
  });
/** The access token of a developer of `acme`. */
async function developer(): Promise<string> {
  await test.sql(`UPDATE bo_user SET developer = 1 WHERE owner_id = 'acme' AND user_id = 'bob'`);
  return (await login(test, { user: 'bob' })).accessToken;
}
const introspect = (token: unknown, client = service) =>
  oauth(test, 'introspect', { token: String(token) }, basic(client));
const revoke = (token: unknown, client?: Client, more: Record<string, string> = { client_id: 'acme-web' }) =>
  client === undefined
    ? oauth(test, 'revoke', { token: String(token), ...more })
    : oauth(test, 'revoke', { token: String(token) }, basic(client));
const serviceToken = async (scope?: string) =>
  String(
    (
      await oauth(
        test,
        'token',
        { grant_type: 'client_credentials', ...(scope !== undefined && { scope }) },
        basic(service),
      )
    ).body['access_token'],
  );

describe('introspection', () => {
  it('tells a confidential client what a token stands for', async () => {
    const { accessToken, refreshToken } = await login(test);
    const access = await introspect(accessToken);
    expect(access.status).toBe(200);
    expect(access.body).toMatchObject({ active: true, token_type: 'Bearer', ...claimsOf(accessToken) });
    expect((await introspect(refreshToken)).body).toMatchObject({ active: true, sub: 'alice' });
    expect((await introspect(await serviceToken())).body).toMatchObject({ active: true, sub: 'orders' });
    expect((await introspect('unknown')).body).toEqual({ active: false });
    const foreign = await login(test, {
      owner: 'ptdev',
      payload: { userName: 'dev', password: 'dev-password' },
    });
    expect((await introspect(foreign.accessToken)).body).toEqual({ active: false });
  });

  it('refuses everybody else', async () => {
    const { accessToken } = await login(test);
    const byPage = await oauth(test, 'introspect', { token: accessToken, client_id: 'acme-web' });
    expect(errorOf(byPage)).toBe('401 invalid_client');
    expect(errorOf(await oauth(test, 'introspect', { token: accessToken }))).toBe('401 invalid_client');
    expect(errorOf(await oauth(test, 'introspect', {}, basic(service)))).toBe('400 invalid_request');
  });

  it('by the documented call is open, or for confidential clients, as the project says', async () => {
    const { accessToken } = await login(test);
    const documented = (headers: Record<string, string> = {}) =>
      call(test, {
        method: 'POST',
        url: '/auth/token/introspect',
        payload: { token: accessToken },
        headers,
      });
    expect(dataOf(await documented())).toMatchObject({ active: true });
    await set({ introspection: 'client' });
    const refused = await documented();
    expect([refusalOf(refused), refused.headers['www-authenticate']]).toEqual([
      '401 CLIENT_REFUSED',
      expect.stringMatching(/^Basic /),
    ]);
    expect(dataOf(await documented(basic(service)))).toMatchObject({ active: true });
    await set({ introspection: 'open' });
  });
});

describe('revocation', () => {
  it('ends the session of a refresh token and of an access token', async () => {
    const tokens = [await login(test), await login(test)];
    expect(await revoke(tokens[0]?.refreshToken)).toMatchObject({ status: 200, body: {} });
    expect(await revoke(tokens[1]?.accessToken)).toMatchObject({ status: 200, body: {} });
    for (const { refreshToken } of tokens)
      expect(refusalOf(await refresh(test, refreshToken))).toBe('401 SESSION_LOGGED_OUT');
    expect((await revoke('unknown')).status).toBe(200);
    expect((await revoke(tokens[0]?.refreshToken)).status).toBe(200);
  });

  it('of another client’s token, or of a service’s, is refused', async () => {
    const { refreshToken, accessToken } = await login(test);
    expect(errorOf(await revoke(refreshToken, shop))).toBe('400 invalid_request');
    expect(errorOf(await revoke(accessToken, shop))).toBe('400 invalid_request');
    expect((await refresh(test, refreshToken)).status).toBe(200);
    expect(errorOf(await revoke(await serviceToken(), service))).toBe('400 unsupported_token_type');
    expect(errorOf(await revoke(refreshToken, undefined, {}))).toBe('401 invalid_client');
  });
});

describe('the metadata', () => {
  it.each([
    '//.well-known/oauth-authorization-server/bo/api/v3/oauth/acme',
    '/oauth/acme/.well-known/openid-configuration',
  ])('is at %s', async (url) => {
    const { status, headers, text } = await call(test, { url, owner: null, verify: null });
    expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=300']);
    expect(JSON.parse(text)).toMatchObject({
      issuer: ISSUER,
      token_endpoint: `${ISSUER}/token`,
      revocation_endpoint: `${ISSUER}/revoke`,
      introspection_endpoint: `${ISSUER}/introspect`,
      jwks_uri: 'https://auth.example.com/.well-known/jwks.json?project=acme',
      response_types_supported: [],
    });
  });

  it('of an unknown project is 404', async () => {
    const url = '//.well-known/oauth-authorization-server/bo/api/v3/oauth/nobody';
    expect((await call(test, { url, owner: null, verify: null })).status).toBe(404);
  });
});

describe('the issuer and the audience', () => {
  it('are settings, and a change refuses no token', async () => {
    const before = await login(test);
    expect(claimsOf(before.accessToken)).toMatchObject({ iss: 'RG3', aud: 'api', sub: 'alice' });
    await set({ audience: 'https://former.example.com' });
    const former = await login(test);
    await set({ issuer: 'url', audience: 'https://api.example.com' });
    const after = await login(test);
    expect(claimsOf(after.accessToken)).toMatchObject({ iss: ISSUER, aud: 'https://api.example.com' });
    for (const { accessToken } of [before, former, after])
      expect((await call(test, { url: '/auth/user', bearer: accessToken })).status).toBe(200);
    await set({ issuer: 'fixed', audience: 'api' });
  });
});

describe('a grant by a service', () => {
  const grant = (bearer: string, owner = 'acme') =>
    call(test, { method: 'POST', url: `/admin/projects/${owner}/users/alice/grants`, bearer, payload: {} });

  it('with the scope grant opens a session, and is audited', async () => {
    expect((await grant(await serviceToken('grant'))).status).toBe(201);
    const [event] = await test.sql<{ detail: string }>(
      `SELECT detail FROM bo_auth_event WHERE kind = 'login-granted' ORDER BY id DESC`,
    );
    expect(JSON.parse(event?.detail ?? '')).toMatchObject({ by: 'client', byClientId: 'orders' });
  });

  it('is refused without the scope, for another project, and after it was taken away', async () => {
    expect(refusalOf(await grant(await serviceToken('read')))).toBe('403 ADMIN_FORBIDDEN');
    const bearer = await serviceToken('grant');
    expect(refusalOf(await grant(bearer, 'ptdev'))).toBe('403 ADMIN_FORBIDDEN');
    const changed = await call(test, {
      method: 'PATCH',
      url: '/admin/projects/acme/clients/orders',
      bearer: DEVELOPMENT_OPERATOR_TOKEN,
      payload: { scopes: ['read'] },
    });
    expect(changed.status).toBe(200);
    expect(refusalOf(await grant(bearer))).toBe('403 ADMIN_FORBIDDEN');
  });

  it('only the operator gives a client that scope, or changes a client that has it', async () => {
    const bearer = await developer();
    const clients = (method: 'POST' | 'PATCH', path: string, payload: object) =>
      call(test, { method, url: `/admin/projects/acme/clients${path}`, bearer, payload });
    await addClient(test, { clientId: 'sso', type: 'confidential', scopes: ['grant'] });
    for (const attempt of [
      clients('POST', '', { clientId: 'mine', type: 'confidential', scopes: ['grant'] }),
      clients('PATCH', '/shop', { scopes: ['grant'] }),
      clients('PATCH', '/sso', { name: 'Mine' }),
      clients('POST', '/sso/rotate-secret', {}),
    ])
      expect(refusalOf(await attempt)).toBe('403 ADMIN_FORBIDDEN');
    expect((await clients('POST', '', { clientId: 'mine', type: 'confidential' })).status).toBe(201);
  });

  it('comes from a service that is not named like a user', async () => {
    const alice = { clientId: 'alice', type: 'confidential' } as const;
    await expect(addClient(test, alice)).rejects.toThrow('CLIENT_EXISTS');
    await addClient(test, { ...alice, type: 'public' });
    const user = await call(test, {
      method: 'POST',
      url: '/admin/projects/acme/users',
      bearer: DEVELOPMENT_OPERATOR_TOKEN,
      payload: { userId: 'orders', userName: 'orders', password: 'orders-password' },
    });
    expect(refusalOf(user)).toBe('409 USER_EXISTS');
  });

  it('is all that the token of a service may do', async () => {
    const bearer = await serviceToken();
    for (const url of ['/admin/projects/acme', '/admin/projects/acme/users', '/auth/user'])
      expect(refusalOf(await call(test, { url, bearer }))).toBe('401 ACCESS_TOKEN_REFUSED');
  });
});

describe('a project that is added with --signing', () => {
  it('signs with a key of its own from the start', async () => {
    const added = await call<{ verifyKey: string }>(test, {
      method: 'POST',
      url: '/admin/projects',
      bearer: DEVELOPMENT_OPERATOR_TOKEN,
      payload: { ownerId: 'es', name: 'ES', signing: 'es256' },
    });
    expect([added.status, added.body.data]).toEqual([201, expect.not.objectContaining({ signing: 'es256' })]);
    const client = await addClient(test, { clientId: 'orders', type: 'confidential' }, 'es');
    const { body } = await oauth(test, 'token', { grant_type: 'client_credentials' }, basic(client), 'es');
    const keySet = await call(test, { url: '//.well-known/jwks.json?project=es', owner: null, verify: null });
    const keys = createLocalJWKSet(JSON.parse(keySet.text) as JSONWebKeySet);
    const { payload, protectedHeader } = await jwtVerify(String(body['access_token']), keys);
    expect([protectedHeader.alg, payload.sub]).toEqual(['ES256', 'orders']);
  });
});

describe('an escaped path', () => {
  it('is no endpoint: CORS, the rate limit and errors would be those of another project', async () => {
    const escaped = await test.app.inject({
      method: 'POST',
      url: '/bo/api/v3/oauth/%61cme/token',
      headers: basic(shop),
      payload: { grant_type: 'client_credentials' },
    });
    expect([escaped.statusCode, escaped.json()]).toMatchObject([
      404,
      { error: { errorCode: 'ROUTE_UNKNOWN' } },
    ]);
    const absolute = await oauth(test, 'token', {}, { ...basic(shop), xownerid: 'ptdev' });
    expect(errorOf(absolute)).toBe('400 invalid_request');
  });
});

describe('CORS', () => {
  it('is that of the project in the path, on failures too', async () => {
    await set({ allowedOrigins: ['https://shop.example.com'] });
    const origin = { origin: 'https://shop.example.com' };
    const answer = await oauth(test, 'token', {}, origin);
    expect(answer.headers['access-control-allow-origin']).toBe(origin.origin);
    const other = await oauth(test, 'token', {}, origin, 'ptdev');
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });
});

it('production without PUBLIC_URL has no OAuth endpoints', async () => {
  const closed = await startApp({
    NODE_ENV: 'production',
    JWT_SECRET: 'jwt-secret-of-the-tests-0123456789',
    TOKEN_PEPPER: 'token-pepper-of-the-tests-0123456789',
  });
  const answer = await oauth(closed, 'token', {});
  expect(answer.status).toBe(404);
  expect(answer.body).toMatchObject({ error: { errorCode: 'ROUTE_UNKNOWN' } });
  await closed.close();
});

it('the rate limit counts by the project in the path', async () => {
  const limited = await startApp({ RATE_LIMIT_PER_MINUTE: '2' });
  const errors = [];
  for (const owner of ['acme', 'acme', 'acme', 'ptdev'])
    errors.push(errorOf(await oauth(limited, 'token', {}, {}, owner)));
  expect(errors).toEqual([
    '401 invalid_client',
    '401 invalid_client',
    '429 temporarily_unavailable',
    '401 invalid_client',
  ]);
  await limited.close();
});

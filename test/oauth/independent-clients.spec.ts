import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { DEVELOPMENT_OPERATOR_TOKEN } from '../../src/config/config.js';
import { API, call, encryptByDES, startApp, type TestApp, VERIFY_KEYS } from '../support/app.js';
import { addClient, type Client } from '../support/oauth.js';
import { Python } from '../support/python.js';
import { freePort } from '../support/temporary.js';

const ALICE = { username: 'alice', password: 'alice-password' };
const SCOPE = 'read write';
const GRANTS = ['password', 'refresh_token', 'client_credentials'];

let test: TestApp;
let issuer: string;
let origin: string;
let orders: Client;
let plain: Client;
beforeAll(async () => {
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  issuer = `${origin}${API}/oauth/acme`;
  test = await startApp({ PUBLIC_URL: origin });
  const scopes = SCOPE.split(' ');
  orders = await addClient(test, { clientId: 'orders:1', type: 'confidential', grants: GRANTS, scopes });
  // Python's libraries do not form-encode what they send by HTTP Basic, so this one has an id without a colon.
  plain = await addClient(test, { clientId: 'orders', type: 'confidential', grants: GRANTS, scopes });
  await addClient(test, {
    clientId: 'page',
    type: 'public',
    grants: ['password', 'refresh_token'],
    scopes,
  });
  await test.app.listen(port, '127.0.0.1');
});
afterAll(() => test.close());

const askForNonces = (dpopNonce: 'on' | 'off') =>
  call(test, {
    method: 'PATCH',
    url: '/admin/projects/acme',
    bearer: DEVELOPMENT_OPERATOR_TOKEN,
    payload: { dpopNonce },
  });

/** The headers that the documented calls need besides the token. */
const tenantHeaders = () =>
  new Headers({
    XownerId: 'acme',
    XverifyApi: encryptByDES(`${crypto.randomUUID()}|${Date.now()}`, VERIFY_KEYS['acme'] ?? ''),
  });

describe.each(['oauth2', 'oidc'] as const)('oauth4webapi, discovery by %s', (algorithm) => {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const discovered = async () => {
    const url = new URL(issuer);
    const answer = await oauth.discoveryRequest(url, { algorithm, ...insecure });
    return oauth.processDiscoveryResponse(url, answer);
  };

  it.each([
    ['client_secret_basic', oauth.ClientSecretBasic],
    ['client_secret_post', oauth.ClientSecretPost],
  ])(
    'password, refresh, client credentials, introspection and revocation with %s',
    async (_, authentication) => {
      const as = await discovered();
      const client = { client_id: orders.clientId };
      const auth = authentication(orders.clientSecret);
      const service = await oauth.processClientCredentialsResponse(
        as,
        client,
        await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: 'read' }, insecure),
      );
      expect(service).toMatchObject({ token_type: 'bearer', expires_in: 600 });
      const first = await oauth.processGenericTokenEndpointResponse(
        as,
        client,
        await oauth.genericTokenEndpointRequest(as, client, auth, 'password', ALICE, insecure),
      );
      expect(first).toMatchObject({ token_type: 'bearer', scope: SCOPE });
      const refreshed = async (token = '') =>
        oauth.processRefreshTokenResponse(
          as,
          client,
          await oauth.refreshTokenGrantRequest(as, client, auth, token, insecure),
        );
      const second = await refreshed(first.refresh_token);
      expect((await refreshed(first.refresh_token)).refresh_token).toBe(second.refresh_token);
      const introspected = async () =>
        oauth.processIntrospectionResponse(
          as,
          client,
          await oauth.introspectionRequest(as, client, auth, second.access_token, insecure),
        );
      expect(await introspected()).toMatchObject({ active: true, sub: 'alice', scope: SCOPE });
      const revoked = await oauth.revocationRequest(as, client, auth, second.refresh_token ?? '', insecure);
      expect(await oauth.processRevocationResponse(revoked)).toBeUndefined();
      expect(await introspected()).toEqual({ active: false });
      await expect(refreshed(second.refresh_token)).rejects.toMatchObject({
        error: 'invalid_grant',
        status: 400,
      });
    },
  );

  it('reads the refusal of a client', async () => {
    const as = await discovered();
    const client = { client_id: orders.clientId };
    const auth = oauth.ClientSecretBasic('wrong');
    const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, {}, insecure);
    await expect(oauth.processClientCredentialsResponse(as, client, answer)).rejects.toMatchObject({
      name: 'WWWAuthenticateChallengeError',
      status: 401,
    });
  });
});

describe.each(['oauth2', 'oidc'] as const)('openid-client, discovery by %s', (algorithm) => {
  const configured = (clientId: string, auth: openid.ClientAuth) =>
    openid.discovery(new URL(issuer), clientId, undefined, auth, {
      algorithm,
      execute: [openid.allowInsecureRequests],
    });

  it('a confidential client', async () => {
    const config = await configured(orders.clientId, openid.ClientSecretBasic(orders.clientSecret));
    const service = await openid.clientCredentialsGrant(config, { scope: 'read write' });
    expect((await openid.tokenIntrospection(config, service.access_token)).active).toBe(true);
    const first = await openid.genericGrantRequest(config, 'password', ALICE);
    const second = await openid.refreshTokenGrant(config, first.refresh_token ?? '', { scope: 'read' });
    expect([second.expires_in, second.scope]).toEqual([600, undefined]);
    const token = second.refresh_token ?? '';
    expect(await openid.tokenIntrospection(config, token)).toMatchObject({ active: true, sub: 'alice' });
    await openid.tokenRevocation(config, token, { token_type_hint: 'refresh_token' });
    expect(await openid.tokenIntrospection(config, token)).toEqual({ active: false });
    await expect(openid.refreshTokenGrant(config, token)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('a public client', async () => {
    const config = await configured('page', openid.None());
    const first = await openid.genericGrantRequest(config, 'password', ALICE);
    const second = await openid.refreshTokenGrant(config, first.refresh_token ?? '');
    await openid.tokenRevocation(config, second.access_token, { token_type_hint: 'access_token' });
    await expect(openid.refreshTokenGrant(config, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});

describe.each(['off', 'on'] as const)('DPoP, nonces %s', (nonces) => {
  beforeAll(() => askForNonces(nonces));
  afterAll(() => askForNonces('off'));

  it.each(['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'])('openid-client with %s', async (alg) => {
    const config = await openid.discovery(new URL(issuer), 'page', undefined, openid.None(), {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    });
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(alg));
    const first = await openid.genericGrantRequest(config, 'password', ALICE, { DPoP });
    expect(first.token_type).toBe('dpop');
    const second = await openid.refreshTokenGrant(config, first.refresh_token ?? '', undefined, { DPoP });
    const resource = (token: string, handle = DPoP) =>
      openid.fetchProtectedResource(
        config,
        token,
        new URL(`${origin}${API}/auth/user`),
        'GET',
        undefined,
        tenantHeaders(),
        { DPoP: handle },
      );
    expect((await resource(second.access_token)).status).toBe(200);
    const other = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(alg));
    await expect(resource(second.access_token, other)).rejects.toMatchObject({
      code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
      status: 401,
    });
    await expect(
      openid.refreshTokenGrant(config, second.refresh_token ?? '', undefined, { DPoP: other }),
    ).rejects.toMatchObject({ error: 'invalid_dpop_proof' });
  });

  it('oauth4webapi, which leaves the second attempt to its user', async () => {
    const as: oauth.AuthorizationServer = { issuer, token_endpoint: `${issuer}/token` };
    const client = { client_id: orders.clientId };
    const DPoP = oauth.DPoP({}, await oauth.generateKeyPair('ES256'));
    const request = async () => {
      const auth = oauth.ClientSecretBasic(orders.clientSecret);
      const options = { DPoP, [oauth.allowInsecureRequests]: true };
      const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, {}, options);
      return oauth.processClientCredentialsResponse(as, client, answer);
    };
    if (nonces === 'on') {
      const asked = await request().catch((error: unknown) => error);
      expect(oauth.isDPoPNonceError(asked)).toBe(true);
    }
    expect((await request()).token_type).toBe('dpop');
    expect((await request()).token_type).toBe('dpop');
  });
});

describe('Python', () => {
  const python = Python.find(
    'oauth-clients',
    ['authlib.integrations.requests_client', 'requests_oauthlib'],
    [
      'python3-authlib',
      'python3-requests-oauthlib',
      'python3-oauthlib',
      'python3-requests',
      'python3-urllib3',
      'python3-idna',
      'python3-chardet',
      'python3-certifi',
      'python3-six',
      'python3-cryptography',
      'python3-cffi-backend',
      'python3-pycryptodome',
    ],
  );

  (python === null ? it.skip : it)('Authlib and requests-oauthlib, as Debian packages them', async () => {
    const given = JSON.stringify({ issuer, ...plain });
    const printed = await python!.run('test/oauth/independent_clients.py', given, {
      // requests-oauthlib refuses plain HTTP.
      OAUTHLIB_INSECURE_TRANSPORT: '1',
    });
    const bearer = { token_type: 'Bearer', expires_in: 600 };
    // The answer names the scope where it is not the one that was asked for.
    const seen = (scope: string | null) => ({
      client_credentials: { ...bearer, scope: null },
      password: { ...bearer, scope },
      refresh: { ...bearer, scope },
      rotated: true,
      again: true,
      active: expect.objectContaining({ active: true, sub: 'alice', client_id: plain.clientId }) as object,
      revoked: 200,
      inactive: { active: false },
      refused: 'invalid_grant',
    });
    const authlib = seen(SCOPE);
    expect(JSON.parse(printed)).toEqual({
      'authlib, client_secret_basic': authlib,
      'authlib, client_secret_post': authlib,
      'requests-oauthlib': seen(null),
    });
  });
});

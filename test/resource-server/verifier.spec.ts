import { generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import {
  type AuthError,
  createVerifier,
  type Requirements,
  type VerifierOptions,
} from '../../packages/resource-server/src/index.js';
import { DEVELOPMENT_OPERATOR_TOKEN } from '../../src/config/config.js';
import { keySet, privateKeyOf, signWith } from '../auth/signing-key-service.js';
import { API, call, claimsOf, login, startApp, type TestApp } from '../support/app.js';
import { DpopClient } from '../auth/dpop-client.js';
import { addClient, basic, oauth } from '../support/oauth.js';

const PUBLIC_URL = 'https://auth.example.com';
const API_URL = 'https://api.example.com/shop';

let test: TestApp;
let url: string;
let kid: string;
const serviceToken = async (scope: string) => {
  const client = await addClient(test, {
    clientId: randomUUID(),
    type: 'confidential',
    scopes: ['read', 'write'],
  });
  const { body } = await oauth(test, 'token', { grant_type: 'client_credentials', scope }, basic(client));
  return { clientId: client.clientId, token: String(body['access_token']) };
};
const verifier = (options: Partial<VerifierOptions> = {}) =>
  createVerifier({ url, ownerId: 'acme', dpop: { publicUrl: API_URL }, ...options });
/** `200 <kind>`, or status, code and challenge of the refusal. */
async function answer(
  authorization: string | undefined,
  {
    options,
    required,
    ...request
  }: {
    options?: Partial<VerifierOptions>;
    required?: Requirements;
    method?: string;
    url?: string;
    dpop?: string;
    by?: ReturnType<typeof verifier>;
  } = {},
) {
  const by = request.by ?? verifier(options);
  try {
    const headers = { authorization, dpop: request.dpop };
    const auth = await by.authenticate(
      { method: request.method ?? 'GET', url: request.url ?? '/orders?page=1', headers },
      required,
    );
    return `200 ${auth.kind}`;
  } catch (error) {
    const { status, code, detail } = error as AuthError;
    return `${status} ${code}: ${detail}`;
  } finally {
    if (request.by === undefined) by.close();
  }
}
const bearer = (token: string, request = {}) => answer(`Bearer ${token}`, request);

beforeAll(async () => {
  test = await startApp({ PUBLIC_URL });
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  url = await test.app.getUrl();
  kid = await signWith(test, 'acme', 'ES256');
});
afterAll(() => test.close());

describe('a token', () => {
  it('of a user says who calls', async () => {
    const { accessToken } = await login(test);
    const by = verifier();
    const claims = claimsOf(accessToken);
    const auth = await by.verify(accessToken);
    expect(auth).toEqual({
      kind: 'user',
      userId: 'alice',
      userName: 'alice',
      sessionId: claims['sid'],
      roles: String(claims['role_id']).split(',').filter(Boolean),
      clientId: claims['client_id'],
      scopes: [],
      claims,
    });
    by.close();
  });

  it('of a service says which one', async () => {
    const { token, clientId } = await serviceToken('read');
    const by = verifier();
    expect(await by.verify(token)).toMatchObject({ kind: 'service', clientId, scopes: ['read'] });
    by.close();
  });

  it('of a project with HS256 needs the secret, and the key set of another project is no help', async () => {
    const { accessToken } = await login(test, {
      owner: 'ptdev',
      payload: { userName: 'dev', password: 'dev-password' },
    });
    const secret = ['another secret, which is not used any more', test.config.jwtSecret];
    expect(await bearer(accessToken, { options: { ownerId: 'ptdev', secret } })).toBe('200 user');
    expect(await bearer(accessToken, { options: { ownerId: 'ptdev' } })).toMatch(
      /^401 invalid_token: ERR_JOSE_ALG/,
    );
    expect(await bearer(accessToken, { options: { secret } })).toBe('401 invalid_token: of another project');
    const { accessToken: foreign } = await login(test);
    expect(await bearer(foreign, { options: { ownerId: 'ptdev' } })).toMatch(/^401 .*NO_MATCHING_KEY/);
  });

  it('with the issuer URL is accepted as well as one with RG3', async () => {
    const set = (issuer: string) =>
      call(test, {
        method: 'PATCH',
        url: '/admin/projects/acme',
        bearer: DEVELOPMENT_OPERATOR_TOKEN,
        payload: { issuer },
      });
    await set('url');
    const { accessToken } = await login(test);
    await set('fixed');
    const issuer = String(claimsOf(accessToken)['iss']);
    expect(issuer).toBe(`${PUBLIC_URL}/bo/api/v3/oauth/acme`);
    const issuers = ['RG3', issuer];
    expect(await bearer(accessToken, { options: { issuer: issuers } })).toBe('200 user');
    expect(await bearer(accessToken, { options: { url: PUBLIC_URL } })).toMatch(/^503/);
    expect(await bearer(accessToken)).toMatch(/^401 .*"iss"/);
  });
});

describe('forged and unfit tokens', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const sign = async (claims: JWTPayload, header: Partial<JWTHeaderParameters> = {}) => {
    const { accessToken } = await login(test);
    return new SignJWT({ ...claimsOf(accessToken), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid, ...header })
      .sign(await privateKeyOf(test, kid), { crit: { 'urn:example': true } });
  };

  it('are accepted while nothing is wrong with them', async () => {
    expect(await bearer(await sign({}))).toBe('200 user');
    expect(await bearer(await sign({}, { typ: 'at+jwt' }))).toBe('200 user');
    expect(await bearer(await sign({ exp: now() - 2 }))).toBe('200 user');
    expect(await bearer(await sign({ nbf: now() + 2 }))).toBe('200 user');
  });

  it.each<[string, () => Promise<string>]>([
    ['another audience', () => sign({ aud: 'another' })],
    ['another issuer', () => sign({ iss: 'another' })],
    ['another project', () => sign({ owner_id: 'ptdev' })],
    ['no project', () => sign({ owner_id: undefined })],
    ['an expiry beyond the tolerance', () => sign({ exp: now() - 6 })],
    ['no expiry', () => sign({ exp: undefined })],
    ['no time of issue', () => sign({ iat: undefined })],
    ['a future beginning', () => sign({ nbf: now() + 30 })],
    ['another type', () => sign({}, { typ: 'dpop+jwt' })],
    ['no type', () => sign({}, { typ: undefined })],
    ['a user and no session', () => sign({ sid: undefined })],
    ['a session and no user', () => sign({ id: undefined })],
    ['neither, but a subject that is not its client', () => sign({ id: undefined, sid: undefined })],
    ['an unknown key id', () => sign({}, { kid: 'unknown' })],
    ['an unknown extension', () => sign({}, { crit: ['urn:example'], 'urn:example': true })],
  ])('%s', async (_name, token) => {
    expect(await bearer(await token(), { options: { secret: test.config.jwtSecret } })).toMatch(
      /^401 invalid_token/,
    );
  });

  it('by another key, or by an algorithm that is not the key’s', async () => {
    const { accessToken } = await login(test);
    const [, payload = ''] = accessToken.split('.');
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [jwk] = await keySet(test, '?project=acme');
    const hmac = (key: string, header: object) => {
      const signed = `${encode(header)}.${payload}`;
      return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
    };
    const { privateKey } = await generateKeyPair('ES256');
    const header = { typ: 'JWT', kid };
    const forged = [
      `${encode({ alg: 'none', ...header })}.${payload}.`,
      hmac(JSON.stringify(jwk), { alg: 'HS256', ...header }),
      hmac(test.config.jwtSecret, { alg: 'ES256', ...header }),
      hmac('a secret that somebody invented for this', { alg: 'HS256', ...header }),
      await new SignJWT(claimsOf(accessToken))
        .setProtectedHeader({ alg: 'ES256', ...header })
        .sign(privateKey),
      `${accessToken.slice(0, -4)}AAAA`,
      'a.b.c',
    ];
    for (const token of forged)
      expect(await bearer(token, { options: { secret: test.config.jwtSecret } })).toMatch(
        /^401 invalid_token/,
      );
  });
});

describe('a refusal', () => {
  const refusal = async (authorization?: string, required: Requirements = {}, options = {}) => {
    const by = verifier(options);
    const headers = { authorization };
    const error: AuthError = await by.authenticate({ headers }, required).then(
      () => Promise.reject(new Error('accepted')),
      (reason: AuthError) => reason,
    );
    by.close();
    return [error.status, error.headers['WWW-Authenticate']?.replaceAll(/algs="[^"]+"/g, 'algs')];
  };

  it('says how to authenticate', async () => {
    const plain = { dpop: undefined };
    expect(await refusal()).toEqual([401, 'Bearer, DPoP algs']);
    expect(await refusal(undefined, {}, plain)).toEqual([401, 'Bearer']);
    expect(await refusal('Basic YTpi', {}, plain)).toEqual([401, 'Bearer']);
    expect(await refusal('Bearer a b', {}, plain)).toEqual([400, 'Bearer']);
    expect(await refusal('Bearer unknown', {}, plain)).toEqual([
      401,
      'Bearer error="invalid_token", error_description="The access token is invalid, has expired or was revoked"',
    ]);
    expect((await refusal('DPoP unknown'))[1]).toMatch(/^DPoP error="invalid_token", .*, algs$/);
  });

  it('is 403 for a caller who may not do this', async () => {
    const { token } = await serviceToken('read');
    const { accessToken } = await login(test);
    const by = (required: Requirements, caller = token) => bearer(caller, { required });
    expect(await by({ scopes: ['read'], kind: 'service' })).toBe('200 service');
    expect(await by({ scopes: ['read', 'write'] })).toMatch(/^403/);
    expect(await by({ kind: 'user' })).toMatch(/^403/);
    expect(await by({ roles: ['admin'] })).toMatch(/^403/);
    expect(await by({ scopes: ['read'] }, accessToken)).toMatch(/^403/);
    const [role = ''] = String(claimsOf(accessToken)['role_id']).split(',');
    if (role !== '') expect(await by({ roles: ['other', role] }, accessToken)).toBe('200 user');
    expect(await by({ roles: ['other'] }, accessToken)).toMatch(/^403/);
    expect(await refusal(`Bearer ${token}`, { scopes: ['read', 'write'] })).toEqual([
      403,
      expect.stringContaining('error="insufficient_scope"'),
    ]);
    expect((await refusal(`Bearer ${token}`, { scopes: ['write'] }))[1]).toContain('scope="write"');
  });

  it('is 503 while it is unknown whether the token is good', async () => {
    const { accessToken } = await login(test);
    const errors: string[] = [];
    const options = { url: 'http://127.0.0.1:1', onError: ({ message }: Error) => errors.push(message) };
    expect(await bearer(accessToken, { options })).toBe(
      '503 temporarily_unavailable: the key set cannot be read',
    );
    expect(errors).toEqual(['the key set cannot be read']);
  });
});

describe('a token that is bound to a key', () => {
  const HTU = `${API_URL}/orders`;

  it('needs a proof by that key for this request', async () => {
    const client = await DpopClient.of(test);
    const { body } = await client.call<{ accessToken: string }>(
      { method: 'POST', url: '/auth/token', payload: { userName: 'alice', password: 'alice-password' } },
      { claims: { htu: `${PUBLIC_URL}${API}/auth/token` } },
    );
    const token = body.data!.accessToken;
    const ath = createHash('sha256').update(token).digest('base64url');
    const proof = (claims: JWTPayload = {}, by = client, header = {}) =>
      by.proof('GET', '', { claims: { htu: HTU, ath, ...claims }, header });
    const by = verifier();
    const send = (dpop: string | undefined, request = {}) =>
      answer(`DPoP ${token}`, { by, ...(dpop !== undefined && { dpop }), ...request });

    const good = await proof();
    expect(await send(good)).toBe('200 user');
    expect(await send(good)).toBe('401 invalid_dpop_proof: the proof was used before');
    expect(await send(await proof({ htu: 'HTTPS://API.example.com:443/shop/%6Frders' }))).toBe('200 user');
    const iat = Math.floor(Date.now() / 1000);
    expect(await send(await proof({ iat: iat - 290 }))).toBe('200 user');
    const refused: [string, string | undefined][] = [
      ['no proof', undefined],
      ['more than one proof', `${await proof()},${await proof()}`],
      ['the proof is for another method', await proof({ htm: 'POST' })],
      ['the proof is for another URI', await proof({ htu: 'https://other.example.com/shop/orders' })],
      ['the proof is for another URI', await proof({ htu: 'https://api.example.com/orders' })],
      ['the proof is for another access token', await proof({ ath: 'x' })],
      ['the proof is for another access token', await proof({ ath: undefined })],
      ['the proof is too old or too new', await proof({ iat: iat - 310 })],
      ['the proof is too old or too new', await proof({ iat: iat + 100 })],
      ['no jti or iat', await proof({ jti: undefined })],
      ['the proof is by another key than the token is bound to', await proof({}, await DpopClient.of(test))],
      ['not a valid proof: JWTClaimValidationFailed', await proof({}, client, { typ: 'JWT' })],
    ];
    for (const [why, dpop] of refused) expect(await send(dpop)).toContain(`401 invalid_dpop_proof: ${why}`);
    const otherKey = (await DpopClient.of(test)).jwk;
    expect(await send(await proof({}, client, { jwk: otherKey }))).toContain(
      'JWSSignatureVerificationFailed',
    );
    expect(await send(await proof(), { url: '/other' })).toContain('another URI');
    expect(await send(await proof(), { url: '//other.example.com/shop/orders' })).toContain('another URI');
    expect(await send(await proof(), { method: 'DELETE' })).toContain('another method');

    expect(await bearer(token, { by, dpop: await proof() })).toBe(
      '401 invalid_token: bound to a key, sent as Bearer',
    );
    await expect(by.verify(token)).rejects.toMatchObject({ detail: 'bound to a key' });
    const { accessToken } = await login(test);
    expect(await answer(`DPoP ${accessToken}`, { by, dpop: await proof() })).toBe(
      '401 invalid_token: not bound, sent as DPoP',
    );
    expect(await answer(`DPoP ${token}`, { options: { dpop: undefined }, dpop: await proof() })).toBe(
      '401 invalid_token: bound to a key, and dpop is not configured',
    );
    by.close();
  });
});

it.each<[string, Record<string, unknown>]>([
  ['url', { url: 'auth.example.com' }],
  ['ownerId', { ownerId: '' }],
  ['secret', { secret: 'short' }],
  ['issuer', { issuer: [] }],
  ['audience', { audience: '' }],
  ['clockToleranceSeconds', { clockToleranceSeconds: 600 }],
  ['feed.clientSecret', { feed: { clientId: 'orders', clientSecret: '' } }],
  ['feed.maxStaleSeconds', { feed: { clientId: 'orders', clientSecret: 'x', maxStaleSeconds: 1 } }],
  ['dpop.publicUrl', { dpop: { publicUrl: '/shop' } }],
])('a wrong option is named: %s', (option, options) => {
  expect(() => verifier(options)).toThrow(new RegExp(`^${option} must`));
});

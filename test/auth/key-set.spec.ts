import * as jose from 'jose';
import { SIGNING_ALGORITHMS } from '../../src/auth/access-token/signing-algorithm.js';
import { call, dataOf, login, refresh, startApp, type TestApp } from '../support/app.js';
import { JWKS, start, signWith, keySet, presented, endServices } from './signing-key-service.js';

endServices();

describe('by default', () => {
  test('tokens are HS256 and the key set is empty', async () => {
    const service = await start();
    const { accessToken } = await login(service);
    expect(jose.decodeProtectedHeader(accessToken)).toEqual({
      alg: 'HS256',
      typ: 'JWT',
      kid: expect.stringMatching(/^[\w-]{11}$/),
    });
    await jose.jwtVerify(accessToken, Buffer.from(service.config.jwtSecret), { algorithms: ['HS256'] });
    expect(await presented(service, accessToken)).toBe('200');
    for (const query of ['', '?project=acme', '?project=nobody'])
      expect(await keySet(service, query)).toEqual([]);
    for (const alg of ['HS384', 'HS512']) {
      const { kid } = jose.decodeProtectedHeader(accessToken);
      const other = await new jose.SignJWT(jose.decodeJwt(accessToken))
        .setProtectedHeader({ alg, typ: 'JWT', kid: kid! })
        // HMAC fills a short key up with zeros, so this is the secret itself at the length that jose asks for.
        .sign(Buffer.from(service.config.jwtSecret.padEnd(64, '\0')));
      expect(await presented(service, other)).toBe('401 ACCESS_TOKEN_REFUSED');
    }
  });
});

describe('the key set', () => {
  test('has the public keys of the project that was asked for, and caches may keep it', async () => {
    const service = await start();
    const acme = await signWith(service, 'acme', 'ES256');
    const ptdev = await signWith(service, 'ptdev', 'RS256');
    const kids = (jwks: jose.JWK[]) => jwks.map(({ kid }) => String(kid));
    const [rsa] = await keySet(service, '?project=ptdev');
    expect(Buffer.from(rsa?.n ?? '', 'base64url')).toHaveLength(3072 / 8);
    expect(kids(await keySet(service, '?project=acme'))).toEqual([acme]);
    expect(kids(await keySet(service, '', { XownerId: 'ptdev' }))).toEqual([ptdev]);
    expect(kids(await keySet(service)).toSorted()).toEqual([acme, ptdev].toSorted());
    expect(await keySet(service, '?project=nobody')).toEqual([]);

    const answer = await call(service, { url: `${JWKS}?project=acme`, owner: null, verify: null });
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=300',
      'content-type': 'application/jwk-set+json; charset=utf-8',
      vary: 'Origin, XownerId',
    });
    expect(answer.headers).not.toHaveProperty('pragma');
  });

  test('refuses a project that is ill-formed, or two', async () => {
    const service = await start();
    for (const [query, headers] of [
      ['?project=', {}],
      ['?project=a%2Fb', {}],
      ['?project=acme&project=acme', {}],
      ['?project=__proto__%00', {}],
      ['?project=acme', { XownerId: 'ptdev' }],
      ['', { XownerId: 'a b' }],
    ] as const) {
      const answer = await call(service, { url: JWKS + query, owner: null, verify: null, headers });
      expect([query, answer.status, answer.headers['cache-control']]).toEqual([query, 400, 'no-store']);
    }
  });
});

describe('each algorithm', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startApp();
  });
  afterAll(() => service.close());

  test.each(SIGNING_ALGORITHMS)(
    '%s signs what jose verifies, under the thumbprint that jose computes, and publishes public members alone',
    async (algorithm) => {
      const kid = await signWith(service, 'acme', algorithm);
      const { accessToken, refreshToken } = await login(service);
      expect(jose.decodeProtectedHeader(accessToken)).toEqual({ alg: algorithm, typ: 'JWT', kid });
      const key = (await keySet(service, '?project=acme')).find((each) => each.kid === kid)!;
      const members = key.kty === 'EC' ? ['crv', 'x', 'y'] : ['e', 'n'];
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'kid', 'kty', 'use', ...members].toSorted());
      expect(await jose.calculateJwkThumbprint(key)).toBe(kid);
      const { payload } = await jose.jwtVerify(accessToken, await jose.importJWK(key), {
        issuer: 'RG3',
        audience: 'api',
        typ: 'JWT',
      });
      expect(payload['owner_id']).toBe('acme');
      expect(await presented(service, accessToken)).toBe('200');
      const renewed = dataOf(await refresh(service, refreshToken)).accessToken;
      const introspected = dataOf(
        await call<{ active: boolean }>(service, {
          method: 'POST',
          url: '/auth/token/introspect',
          payload: { token: renewed },
        }),
      );
      expect(introspected.active).toBe(true);
    },
  );

  // After the tests above, which have published one key each.
  test('stands in the key set once, and the secret of HS256 never', async () => {
    const keys = await keySet(service, '?project=acme');
    expect(keys.map(({ alg }) => String(alg)).toSorted()).toEqual([...SIGNING_ALGORITHMS].toSorted());
    expect(JSON.stringify(keys)).not.toContain(Buffer.from(service.config.jwtSecret).toString('base64url'));
  });
});

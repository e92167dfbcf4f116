import * as jose from 'jose';
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { call, login, startApp, type TestApp } from '../support/app.js';
import { signWith, presented, privateKeyOf, encode } from './signing-key-service.js';

describe('a forged token', () => {
  let service: TestApp;
  let claims: jose.JWTPayload;
  let kid: string;
  let rsaKid: string;
  let foreignKid: string;

  beforeAll(async () => {
    service = await startApp();
    foreignKid = await signWith(service, 'ptdev', 'ES256');
    rsaKid = await signWith(service, 'acme', 'RS256');
    kid = await signWith(service, 'acme', 'ES256');
    const { accessToken } = await login(service);
    expect(await presented(service, accessToken)).toBe('200');
    claims = jose.decodeJwt(accessToken);
  });
  afterAll(() => service.close());

  const unsigned = (header: object) => `${encode(header)}.${encode(claims)}`;
  const hmac = (header: object, secret: string | Buffer) => {
    const text = unsigned(header);
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const ecSigned = (header: object, key: KeyObject) => {
    const text = unsigned(header);
    const signature = signBytes('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };

  test('is refused whatever its header says, and nobody is asked about it', async () => {
    const own = await privateKeyOf(service, kid);
    const rsa = createPublicKey(await privateKeyOf(service, rsaKid));
    const ec = createPublicKey(own);
    const foreign = await privateKeyOf(service, foreignKid);
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const strangerJwk = stranger.publicKey.export({ format: 'jwk' });
    const evil = 'http://127.0.0.1:9/keys';
    // The way that the forgeries below are made is a valid one, with the right key.
    expect(await presented(service, ecSigned({ alg: 'ES256', typ: 'JWT', kid }, own))).toBe('200');

    const jwt = new jose.SignJWT(claims);
    const forgeries: Record<string, string> = {
      'PS256 by the RS256 key itself': await jwt
        .setProtectedHeader({ alg: 'PS256', kid: rsaKid })
        .sign(await privateKeyOf(service, rsaKid)),
      'alg none': `${unsigned({ alg: 'none', kid })}.`,
      'alg none without a kid': `${unsigned({ alg: 'none' })}.`,
      'alg None': `${unsigned({ alg: 'None', kid })}.`,
      'no signature': `${unsigned({ alg: 'ES256', kid })}.`,
      'no kid': ecSigned({ alg: 'ES256' }, own),
      'the wrong algorithm for the key': hmac({ alg: 'ES384', kid }, 'x'),
      'PS256 for an RS256 key': hmac({ alg: 'PS256', kid: rsaKid }, 'x'),
      'HS256 under JWT_SECRET with the kid of another key': hmac(
        { alg: 'HS256', kid },
        service.config.jwtSecret,
      ),
      'HS256 under nothing': hmac({ alg: 'HS256', kid }, ''),
      'a foreign project’s key': ecSigned({ alg: 'ES256', kid: foreignKid }, foreign),
      'a foreign project’s key under our kid': ecSigned({ alg: 'ES256', kid }, foreign),
      'a key of its own': ecSigned({ alg: 'ES256', kid, jwk: strangerJwk }, stranger.privateKey),
      'a key by URL': ecSigned({ alg: 'ES256', kid, jku: evil, x5u: evil }, stranger.privateKey),
      'an unknown key by URL': ecSigned(
        { alg: 'ES256', kid: 'A'.repeat(43), jku: evil, x5u: evil },
        stranger.privateKey,
      ),
    };
    for (const [name, value] of Object.entries({
      jku: evil,
      x5u: evil,
      jwk: strangerJwk,
      x5c: [''],
      crit: ['exp'],
    }))
      forgeries[`our own key and ${name}`] = ecSigned({ alg: 'ES256', typ: 'JWT', kid, [name]: value }, own);
    for (const [name, key] of Object.entries({ rsa, ec }))
      for (const type of name === 'ec' ? (['spki'] as const) : (['spki', 'pkcs1'] as const)) {
        const pem = key.export({ format: 'pem', type });
        const der = key.export({ format: 'der', type });
        const of = name === 'rsa' ? rsaKid : kid;
        forgeries[`HS256 under the public ${name} key, ${type} PEM`] = hmac({ alg: 'HS256', kid: of }, pem);
        forgeries[`HS256 under the public ${name} key, ${type} DER`] = hmac({ alg: 'HS256', kid: of }, der);
      }
    for (const strange of [
      '../../../../dev/null',
      '/proc/self/environ',
      `' OR '1'='1`,
      `${kid}'--`,
      '__proto__',
      'constructor',
      'toString',
      '',
      `${kid}\u0000`,
      'x'.repeat(5_000),
      [kid],
      { toString: kid },
      null,
      7,
      true,
    ]) {
      const name = `kid ${JSON.stringify(strange).slice(0, 40)}`;
      forgeries[`${name}, ES256`] = ecSigned({ alg: 'ES256', kid: strange }, stranger.privateKey);
      forgeries[`${name}, HS256`] = hmac({ alg: 'HS256', kid: strange }, '');
    }

    const connections: unknown[] = [];
    const count = (message: unknown) => connections.push(message);
    subscribe('net.client.socket', count);
    try {
      for (const [name, token] of Object.entries(forgeries)) {
        service.clock.advance(1_000);
        expect([name, await presented(service, token)]).toEqual([name, '401 ACCESS_TOKEN_REFUSED']);
        const introspected = await call(service, {
          method: 'POST',
          url: '/auth/token/introspect',
          payload: { token },
        });
        expect([name, introspected.body.data]).toEqual([name, { active: false }]);
      }
    } finally {
      unsubscribe('net.client.socket', count);
    }
    expect(connections).toEqual([]);
  });

  test('cannot be a true one written differently', async () => {
    const { accessToken } = await login(service);
    const last = accessToken.at(-1)!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // The last character of 64 bytes holds four bits that mean nothing.
    const same = alphabet[alphabet.indexOf(last) ^ 1]!;
    const variants = [
      accessToken.slice(0, -1) + same,
      `${accessToken}==`,
      `${accessToken} `,
      `${accessToken}.`,
    ];
    for (const token of variants) {
      expect(await presented(service, token)).toBe('401 ACCESS_TOKEN_REFUSED');
      const answer = await call(service, {
        method: 'POST',
        url: '/auth/token/introspect',
        payload: { token },
      });
      expect(answer.body.data).toEqual({ active: false });
    }
  });

  test('makes the keys be read again once a second at most', async () => {
    const database = service.app.get(SqlDatabase, { strict: false });
    const all = database.all.bind(database);
    let reads = 0;
    database.all = (sql, values) => {
      if (sql.includes('FROM bo_signing_key')) reads++;
      return all(sql, values);
    };
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const flood = async () => {
      const tokens = Array.from({ length: 50 }, (_, index) =>
        ecSigned({ alg: 'ES256', kid: String(index).padStart(43, 'k') }, stranger),
      );
      const said = await Promise.all(tokens.map((token) => presented(service, token)));
      expect(new Set(said)).toEqual(new Set(['401 ACCESS_TOKEN_REFUSED']));
    };
    service.clock.stop();
    service.clock.advance(STALENESS_MS + 1);
    await flood();
    expect(reads).toBe(1);
    service.clock.advance(999);
    await flood();
    expect(reads).toBe(1);
    service.clock.advance(1);
    await flood();
    expect(reads).toBe(2);
  });
});

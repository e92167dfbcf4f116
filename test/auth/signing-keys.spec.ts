import { assert, integer, nat, property, string } from 'fast-check';
import * as jose from 'jose';
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeySeal } from '../../src/auth/access-token/key-seal.js';
import {
  generateSigningKey,
  publicJwk,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
} from '../../src/auth/access-token/signing-algorithm.js';
import {
  lastTokenEnds,
  PUBLISH_WAIT_MS,
  type SigningKeyRow,
} from '../../src/auth/access-token/signing-key.js';
import { MAX_KEYS, SigningKeys } from '../../src/auth/access-token/signing-keys.js';
import { ConfigError } from '../../src/config/config.js';
import { Peppers } from '../../src/config/pepper.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { call, dataOf, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';
import { PostgresServer } from '../support/postgres.js';

const JWKS = '//.well-known/jwks.json';
const OLD_PEPPER = 'old-pepper-that-is-long-enough-for-it';
const NEW_PEPPER = 'new-pepper-that-is-long-enough-for-it';

const folders: string[] = [];
const running: TestApp[] = [];

afterEach(async () => {
  for (const test of running.splice(0)) await test.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<TestApp> {
  const test = await startApp(env);
  running.push(test);
  return test;
}

function databaseFolder(): { folder: string; url: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bo-auth-keys-'));
  folders.push(folder);
  return { folder, url: `sqlite:${join(folder, 'keys.sqlite')}` };
}

function keysOf(test: TestApp): SigningKeys {
  return test.app.get(SigningKeys, { strict: false });
}

/** Publishes a key and lets it sign at once: the waits have a test of their own. */
async function signWith(test: TestApp, ownerId: string, algorithm: SigningAlgorithm): Promise<string> {
  const published = await keysOf(test).publish(ownerId, algorithm);
  if (published.kind !== 'published') throw new Error(published.kind);
  const { kid } = published.key;
  const promoted = await keysOf(test).promote(ownerId, kid, { force: true });
  if (promoted.kind !== 'promoted') throw new Error(promoted.kind);
  return kid;
}

async function keySet(test: TestApp, query = '', headers = {}): Promise<jose.JWK[]> {
  const answer = await call(test, { url: JWKS + query, owner: null, verify: null, headers });
  if (answer.status !== 200) throw new Error(answer.text);
  return (JSON.parse(answer.text) as jose.JSONWebKeySet).keys;
}

/** What a resource of the service says to an access token. */
async function presented(test: TestApp, bearer: string, owner = 'acme'): Promise<string> {
  const answer = await call(test, { url: '/auth/user', bearer, owner });
  return answer.status === 200 ? '200' : refusalOf(answer);
}

async function privateKeyOf(test: TestApp, kid: string): Promise<KeyObject> {
  const [row] = await test.sql<SigningKeyRow>('SELECT * FROM bo_signing_key WHERE kid = $1', kid);
  const { owner_id: ownerId, algorithm, private_key } = row!;
  return new KeySeal(test.config.peppers).open(private_key!, { ownerId, kid, algorithm })!;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

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
    expect(kids(await keySet(service, '?project=acme'))).toEqual([acme]);
    expect(kids(await keySet(service, '', { XownerId: 'ptdev' }))).toEqual([ptdev]);
    expect(kids(await keySet(service)).toSorted()).toEqual([acme, ptdev].toSorted());
    expect(await keySet(service, '?project=nobody')).toEqual([]);

    const answer = await call(service, { url: `${JWKS}?project=acme`, owner: null, verify: null });
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=300',
      'content-type': 'application/jwk-set+json; charset=utf-8',
      vary: 'XownerId',
    });
    expect(answer.headers).not.toHaveProperty('pragma');
  });

  test('has public members alone', async () => {
    const service = await start();
    for (const algorithm of SIGNING_ALGORITHMS) await keysOf(service).publish('acme', algorithm);
    const keys = await keySet(service, '?project=acme');
    expect(keys.map(({ alg }) => String(alg)).toSorted()).toEqual([...SIGNING_ALGORITHMS].toSorted());
    for (const key of keys) {
      const members = key.kty === 'EC' ? ['crv', 'x', 'y'] : ['e', 'n'];
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'kid', 'kty', 'use', ...members].toSorted());
    }
    expect(JSON.stringify(keys)).not.toContain(Buffer.from(service.config.jwtSecret).toString('base64url'));
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

describe.each(SIGNING_ALGORITHMS)('%s', (algorithm) => {
  test('signs what jose verifies, under the thumbprint that jose computes', async () => {
    const service = await start();
    const kid = await signWith(service, 'acme', algorithm);
    const { accessToken, refreshToken } = await login(service);
    expect(jose.decodeProtectedHeader(accessToken)).toEqual({ alg: algorithm, typ: 'JWT', kid });
    const [key] = await keySet(service, '?project=acme');
    expect(await jose.calculateJwkThumbprint(key!)).toBe(kid);
    const { payload } = await jose.jwtVerify(accessToken, await jose.importJWK(key!), {
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
  });
});

describe('rotation', () => {
  test('fails no verification, at any step, in any process', async () => {
    const { url } = databaseFolder();
    const first = await start({ DATABASE_URL: url });
    const second = await start({ DATABASE_URL: url });
    // The whole world's time goes on at once: the processes', and that of the verifier's cache.
    const wallClock = Date.now;
    let ahead = 0;
    // Taken between two rounds: an XverifyApi made before it would be stale on its arrival.
    let leap = 0;
    Date.now = () => wallClock() + ahead;
    await second.app.listen({ host: '127.0.0.1', port: 0 });
    const remote = jose.createRemoteJWKSet(
      new URL('/.well-known/jwks.json?project=acme', await second.app.getUrl()),
      { timeoutDuration: 60_000 },
    );
    const shared = Buffer.from(first.config.jwtSecret);
    const seen = new Map<string, number>();
    const failures: string[] = [];
    const tokens: string[] = [];
    let grant = await login(first);
    const progress = { rounds: 0, isOver: false };

    const verify = async (token: string) => {
      const { alg = '', kid = '' } = jose.decodeProtectedHeader(token);
      const options = { issuer: 'RG3', audience: 'api', currentDate: new Date(Date.now()) };
      const isOver = () => Number(jose.decodeJwt(token).exp) * 1000 <= Date.now() + 1_000;
      if (isOver()) return;
      try {
        await (alg === 'HS256'
          ? jose.jwtVerify(token, shared, options)
          : jose.jwtVerify(token, remote, options));
        for (const service of [first, second]) {
          const said = await presented(service, token);
          // It may have expired while it was asked.
          if (said !== '200' && !isOver()) failures.push(`${kid}: ${said}`);
        }
        seen.set(alg === 'HS256' ? alg : kid, (seen.get(alg === 'HS256' ? alg : kid) ?? 0) + 1);
      } catch (error) {
        if (!isOver()) failures.push(`${kid}: ${String(error)}`);
      }
    };
    const client = (async () => {
      for (; !progress.isOver && failures.length === 0; progress.rounds++) {
        const { rounds } = progress;
        ahead += leap;
        leap = 0;
        let answer = await refresh(rounds % 2 === 0 ? first : second, grant.refreshToken);
        // A busy disk is no matter of keys: a client comes again, with the same token.
        while (answer.status === 503) answer = await refresh(first, grant.refreshToken);
        if (answer.status !== 200) failures.push(`refresh: ${refusalOf(answer)}`);
        grant = dataOf(answer);
        tokens.push(grant.accessToken);
        await verify(grant.accessToken);
        // One from before as well: it is as good until it expires.
        await verify(tokens[Math.max(0, tokens.length - 1 - (rounds % 17))]!);
      }
    })().catch((error: unknown) => failures.push(String(error)));
    const someRounds = async () => {
      const enough = progress.rounds + 6;
      while (progress.rounds < enough && failures.length === 0)
        await new Promise((done) => setTimeout(done, 5));
    };
    const later = async (ms: number) => {
      leap += ms;
      await someRounds();
    };

    try {
      // The changes are made in one process alone, as the command line does it.
      const keys = keysOf(second);
      await someRounds();
      const kids: string[] = [];
      for (const algorithm of ['ES256', 'RS256'] as const) {
        const published = await keys.publish('acme', algorithm);
        if (published.kind !== 'published') throw new Error(published.kind);
        const { kid, publishedAt } = published.key;
        await someRounds();
        const at = publishedAt + PUBLISH_WAIT_MS;
        expect(await keys.promote('acme', kid)).toEqual({ kind: 'too-early', at });
        await later(PUBLISH_WAIT_MS);
        const promoted = await keys.promote('acme', kid);
        expect(promoted.kind).toBe('promoted');
        // The other process signs with what it knows until it hears of it.
        await someRounds();
        await later(STALENESS_MS);
        expect(failures).toEqual([]);
        expect(jose.decodeProtectedHeader(grant.accessToken).kid).toBe(kid);
        const [before] = kids;
        kids.unshift(kid);
        if (before === undefined) continue;
        expect(await keys.retire('acme', before)).toMatchObject({ kind: 'too-early' });
        expect(await keys.retire('acme', kid, { force: true })).toEqual({ kind: 'still-signing' });
        await later(lastTokenEnds(0, 600));
        expect(await keys.retire('acme', before)).toMatchObject({ kind: 'retired' });
        await later(STALENESS_MS);
      }
      progress.isOver = true;
      await client;
      expect(failures).toEqual([]);
      expect([...seen.keys()].toSorted()).toEqual(['HS256', ...kids].toSorted());
      for (const times of seen.values()) expect(times).toBeGreaterThan(3);
      expect((await keySet(first, '?project=acme')).map(({ kid }) => kid)).toEqual([kids[0]]);
      const [gone] = await second.sql<SigningKeyRow>('SELECT * FROM bo_signing_key WHERE kid = $1', kids[1]!);
      expect(gone).toMatchObject({ status: 'retired', private_key: null });
    } finally {
      progress.isOver = true;
      Date.now = wallClock;
      await client;
    }
  }, 180_000);

  test('says what cannot be done, and changes nothing then', async () => {
    const service = await start();
    const keys = keysOf(service);
    expect(await keys.publish('nobody', 'ES256')).toEqual({ kind: 'unknown-project' });
    const kid = await signWith(service, 'acme', 'ES256');
    expect(await keys.promote('acme', kid)).toEqual({ kind: 'already-signing' });
    expect(await keys.promote('ptdev', kid)).toEqual({ kind: 'unknown' });
    expect(await keys.retire('ptdev', kid)).toEqual({ kind: 'unknown' });
    expect(await keys.retire('acme', kid)).toEqual({ kind: 'still-signing' });
    const next = await signWith(service, 'acme', 'ES256');
    expect(await keys.retire('acme', kid)).toMatchObject({ kind: 'too-early' });
    expect(await keys.retire('acme', kid, { force: true })).toMatchObject({ kind: 'retired' });
    expect(await keys.retire('acme', kid)).toEqual({ kind: 'already-retired' });
    expect(await keys.promote('acme', kid, { force: true })).toEqual({ kind: 'retired' });
    expect((await keys.list('acme')).map((key) => [key.kid, key.status])).toEqual([
      [kid, 'retired'],
      [next, 'signing'],
    ]);
    for (let more = 1; more < MAX_KEYS; more++)
      expect(await keys.publish('acme', 'ES256')).toMatchObject({ kind: 'published' });
    expect(await keys.publish('acme', 'ES256')).toEqual({ kind: 'too-many' });
  });

  test('is the same on Postgres', async () => {
    const server = await PostgresServer.start();
    try {
      const DATABASE_URL = await server.database();
      const first = await start({ DATABASE_URL });
      const second = await start({ DATABASE_URL });
      const { accessToken: before } = await login(first);
      // Two processes change the keys of one project at the same time.
      const kids = await Promise.all([signWith(first, 'acme', 'ES256'), signWith(second, 'acme', 'RS256')]);
      const keys = await keysOf(first).list('acme');
      expect(keys.map(({ status }) => status).toSorted()).toEqual(['published', 'signing']);
      const { kid } = keys.find(({ status }) => status === 'published')!;
      expect(await keysOf(second).retire('acme', kid)).toMatchObject({ kind: 'too-early' });
      for (const service of [first, second]) service.clock.advance(STALENESS_MS + 1);
      const { accessToken } = await login(first);
      for (const token of [before, accessToken]) expect(await presented(second, token)).toBe('200');
      for (const service of [first, second]) service.clock.advance(lastTokenEnds(0, 600));
      expect(await keysOf(second).retire('acme', kid)).toMatchObject({ kind: 'retired' });
      expect((await keySet(second)).map((key) => key.kid)).toEqual(kids.filter((each) => each !== kid));
    } finally {
      for (const test of running.splice(0)) await test.close();
      await server.stop();
    }
  }, 180_000);

  test('of many at once lets one key sign', async () => {
    const service = await start();
    const keys = keysOf(service);
    const published = await Promise.all(['ES256', 'ES256', 'ES256'].map(() => keys.publish('acme', 'ES256')));
    const kids = published.map((each) => (each.kind === 'published' ? each.key.kid : ''));
    await Promise.all(kids.map((kid) => keys.promote('acme', kid, { force: true })));
    const statuses = (await keys.list('acme')).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual(['published', 'published', 'signing']);
  });

  test('writes what belongs to it in its transaction, or does not happen', async () => {
    const service = await start();
    const keys = keysOf(service);
    const also = () => Promise.reject(new Error('no audit, no change'));
    await expect(keys.publish('acme', 'ES256', also)).rejects.toThrow('no audit');
    expect(await keys.list('acme')).toEqual([]);
  });

  test('that is forced is known everywhere as soon as a token says so', async () => {
    const { url } = databaseFolder();
    const first = await start({ DATABASE_URL: url });
    const second = await start({ DATABASE_URL: url });
    await login(first);
    await signWith(second, 'acme', 'ES256');
    const { accessToken } = await login(second);
    first.clock.advance(1_000);
    second.clock.advance(1_000);
    expect(await presented(first, accessToken)).toBe('200');
  });

  test('back to HS256 fails no token, not even in a process that has just read the keys', async () => {
    const { url } = databaseFolder();
    const first = await start({ DATABASE_URL: url });
    const second = await start({ DATABASE_URL: url });
    const kid = await signWith(first, 'acme', 'ES256');
    for (const service of [first, second]) service.clock.advance(lastTokenEnds(0, 600));
    // No time goes by: the second process is asked right after it has read the keys.
    for (const service of [first, second]) service.clock.stop();
    const { accessToken: before } = await login(first);
    expect(await presented(second, before)).toBe('200');
    expect(await keysOf(first).demote('ptdev', kid)).toEqual({ kind: 'unknown' });
    expect(await keysOf(first).demote('acme', kid)).toMatchObject({ kind: 'demoted' });
    expect(await keysOf(first).demote('acme', kid)).toEqual({ kind: 'not-signing' });
    const { accessToken } = await login(first);
    expect(jose.decodeProtectedHeader(accessToken).alg).toBe('HS256');
    // Many at once, and none of them pays for another.
    const said = await Promise.all([accessToken, before, accessToken].map((each) => presented(second, each)));
    expect(said).toEqual(['200', '200', '200']);
    expect(await keysOf(first).retire('acme', kid)).toMatchObject({ kind: 'too-early' });
  });

  test('ends HS256 with the last token that was signed by it', async () => {
    const service = await start();
    const { accessToken: before } = await login(service);
    await signWith(service, 'acme', 'ES256');
    const { accessToken, refreshToken } = await login(service);
    expect(await presented(service, before)).toBe('200');
    service.clock.advance(lastTokenEnds(0, 600));
    const { accessToken: current } = dataOf(await refresh(service, refreshToken));
    // Who verifies HS256 has its secret, and could sign whatever it likes.
    const { kid } = jose.decodeProtectedHeader(before);
    const secret = Buffer.from(service.config.jwtSecret);
    const forged = await new jose.SignJWT(jose.decodeJwt(current))
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: kid! })
      .sign(secret);
    expect(await presented(service, forged)).toBe('401 ACCESS_TOKEN_REFUSED');
    expect(await presented(service, current)).toBe('200');
    expect(await presented(service, accessToken)).toBe('401 ACCESS_TOKEN_REFUSED');
    // Another project's tokens go on as they were.
    const other = await login(service, { user: 'dev', owner: 'ptdev' });
    expect(await presented(service, other.accessToken, 'ptdev')).toBe('200');
  });
});

describe('a forged token', () => {
  let service: TestApp;
  let claims: jose.JWTPayload;
  let kid: string;
  let rsaKid: string;
  let foreignKid: string;

  async function prepare(): Promise<void> {
    service = await start();
    foreignKid = await signWith(service, 'ptdev', 'ES256');
    rsaKid = await signWith(service, 'acme', 'RS256');
    kid = await signWith(service, 'acme', 'ES256');
    const { accessToken } = await login(service);
    expect(await presented(service, accessToken)).toBe('200');
    claims = jose.decodeJwt(accessToken);
  }

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
    await prepare();
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
    await prepare();
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
    await prepare();
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

describe('at rest', () => {
  test('no form of a private key is in the database’s files', async () => {
    const { folder, url } = databaseFolder();
    const service = await start({ DATABASE_URL: url });
    const kids = [await signWith(service, 'acme', 'RS256'), await signWith(service, 'acme', 'ES256')];
    const files = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    for (const kid of kids) {
      expect(files.includes(kid)).toBe(true);
      const key = await privateKeyOf(service, kid);
      const { d, p } = key.export({ format: 'jwk' });
      const der = key.export({ format: 'der', type: 'pkcs8' });
      // The public half of an elliptic key is the end of its PKCS#8: the secret is what must not be found.
      for (const secret of [
        der,
        ...[d, p].filter((part) => part !== undefined).map((part) => Buffer.from(part, 'base64url')),
      ]) {
        expect(files.includes(secret)).toBe(false);
        for (const encoding of ['base64', 'base64url', 'hex'] as const)
          expect(files.includes(secret.toString(encoding).replaceAll('=', ''))).toBe(false);
      }
    }
  });

  test('a start with another pepper is refused in one line that names the variable', async () => {
    const { url } = databaseFolder();
    const service = await start({ DATABASE_URL: url, TOKEN_PEPPER: OLD_PEPPER });
    const kid = await signWith(service, 'acme', 'ES256');
    for (const pepper of [NEW_PEPPER, `new:${NEW_PEPPER}`]) {
      const refusal = await startApp({ DATABASE_URL: url, TOKEN_PEPPER: pepper }).then(
        () => null,
        (error: unknown) => error as Error,
      );
      expect(refusal).toBeInstanceOf(ConfigError);
      expect(refusal?.message).toMatch(/^TOKEN_PEPPER: .+$/);
      expect(refusal?.message).toContain(kid);
      expect(refusal?.message).not.toContain('long-enough');
    }
  });

  test('a new pepper takes the keys over at the start, and the old one can go', async () => {
    const { url } = databaseFolder();
    const before = await start({ DATABASE_URL: url, TOKEN_PEPPER: OLD_PEPPER });
    await signWith(before, 'acme', 'ES256');
    const { accessToken } = await login(before);
    const between = await start({ DATABASE_URL: url, TOKEN_PEPPER: `new:${NEW_PEPPER},0:${OLD_PEPPER}` });
    expect(await presented(between, accessToken)).toBe('200');
    const after = await start({ DATABASE_URL: url, TOKEN_PEPPER: `new:${NEW_PEPPER}` });
    expect(await presented(after, accessToken)).toBe('200');
    await login(after);
  });

  test('a row that does not open is 503 for its project, never 401, and nothing to the others', async () => {
    const service = await start();
    const kid = await signWith(service, 'acme', 'ES256');
    const { accessToken, refreshToken } = await login(service);
    await service.sql(`UPDATE bo_signing_key SET algorithm = 'ES384' WHERE kid = $1`, kid);
    service.clock.advance(STALENESS_MS + 1);
    const refused = await refresh(service, refreshToken);
    expect([refusalOf(refused), refused.headers['retry-after']]).toEqual(['503 UNAVAILABLE', '5']);
    expect(await presented(service, accessToken)).toBe('503 UNAVAILABLE');
    await login(service, { user: 'dev', owner: 'ptdev' });
    await service.sql(`UPDATE bo_signing_key SET algorithm = 'ES256' WHERE kid = $1`, kid);
    service.clock.advance(STALENESS_MS + 1);
    // The token that met the fault was not spent.
    const { accessToken: renewed } = dataOf(await refresh(service, refreshToken));
    expect(await presented(service, renewed)).toBe('200');
  });

  test('who can write the table, but not seal, makes no key ours', async () => {
    const { url } = databaseFolder();
    const service = await start({ DATABASE_URL: url });
    const kid = await signWith(service, 'acme', 'ES256');
    const { accessToken } = await login(service);
    const stranger = await generateSigningKey('ES256');
    const jwk = publicJwk(stranger, 'ES256');
    const columns =
      'public_jwk, private_key, status, published_at, signing_at, needed_until, hs256_until, retired_at';
    const insert = (as: string, owner: string, status: string) =>
      service.sql(
        `INSERT INTO bo_signing_key (kid, owner_id, algorithm, ${columns})
         SELECT $1, $2, algorithm, ${columns.replace('status', '$3')} FROM bo_signing_key WHERE kid = $4`,
        as,
        owner,
        status,
        kid,
      );
    await insert(jwk.kid, 'acme', 'published');
    await service.sql('UPDATE bo_signing_key SET public_jwk = $1', JSON.stringify({ ...jwk, kid }));
    service.clock.advance(STALENESS_MS + 1);
    const forged = await new jose.SignJWT(jose.decodeJwt(accessToken))
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: jwk.kid })
      .sign(stranger);
    expect(await presented(service, forged)).toBe('503 UNAVAILABLE');
    expect((await keySet(service)).map((key) => key.kid)).toEqual([kid]);
    expect(await presented(service, accessToken)).toBe('200');

    await service.sql('DELETE FROM bo_signing_key WHERE kid = $1', jwk.kid);
    // Nor does the column that shows the public key reach the key set.
    const [shown] = await keySet(await start({ DATABASE_URL: url }), '?project=acme');
    expect(await jose.calculateJwkThumbprint(shown!)).toBe(kid);
    await service.sql(`UPDATE bo_signing_key SET owner_id = 'ptdev' WHERE kid = $1`, kid);
    service.clock.advance(STALENESS_MS + 1);
    expect(await keySet(service)).toEqual([]);
  });

  test('a sealed key opens as it was sealed and in no other way', async () => {
    const key = await generateSigningKey('ES256');
    const sealedFor = { ownerId: 'acme', kid: publicJwk(key, 'ES256').kid, algorithm: 'ES256' };
    const seal = new KeySeal(Peppers.parse(OLD_PEPPER));
    const text = seal.seal(key, sealedFor);
    expect(seal.open(text, sealedFor)?.equals(key)).toBe(true);
    expect(seal.seal(key, sealedFor)).not.toBe(text);
    const [kid, body] = text.split('.') as [string, string];
    const bytes = Buffer.from(body, 'base64url');
    assert(
      property(nat(bytes.length - 1), integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = changed[at]! ^ flip;
        expect(seal.open(`${kid}.${changed.toString('base64url')}`, sealedFor)).toBeNull();
      }),
    );
    assert(
      property(string(), (other) => {
        for (const name of ['ownerId', 'kid', 'algorithm'] as const) {
          if (other === sealedFor[name]) continue;
          expect(seal.open(text, { ...sealedFor, [name]: other })).toBeNull();
        }
        expect(seal.open(other, sealedFor)).toBeNull();
        expect(seal.open(`${kid}.${other}`, sealedFor)).toBeNull();
      }),
    );
  });
});

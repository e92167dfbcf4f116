import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { call, claimsOf, dataOf, login, refresh, refusalOf, SAMPLE_TOKEN } from '../support/app.js';
import { test, alice, introspected, isWellFormed, startAttackedService } from './attacked-service.js';

startAttackedService();

describe('a refresh token', () => {
  it('is no other token: changed in any character, shortened, padded or in another case it is refused', async () => {
    const { refreshToken } = await login(test);
    const swapped = [...refreshToken].map((letter, index) => {
      const other = letter === '0' ? '1' : '0';
      return refreshToken.slice(0, index) + other + refreshToken.slice(index + 1);
    });
    const forged = [
      ...swapped,
      refreshToken.slice(0, -1),
      refreshToken.slice(1),
      `${refreshToken}0`,
      `0${refreshToken}`,
      `${refreshToken}=`,
      ` ${refreshToken}`,
      `${refreshToken} `,
      `${refreshToken}\n`,
      refreshToken.toLowerCase(),
      refreshToken.toUpperCase(),
      [...refreshToken].toReversed().join(''),
      `${refreshToken},${refreshToken}`,
    ];
    const answers = await Promise.all(forged.map((token) => refresh(test, token)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(refusalOf(answers[0]!)).toBe('401 REFRESH_TOKEN_EXPIRED');
    expect(dataOf(await refresh(test, refreshToken)).tokenSeq).toBe(2);
  });

  it('that is unknown, tampered or foreign cannot be told from another, whatever has become of its session', async () => {
    const [revoked, expired] = [await login(test), await login(test)];
    await call(test, { method: 'POST', url: '/auth/token/revoke', payload: revoked });
    await test.sql(
      'UPDATE bo_auth_session SET expires_at = 1 WHERE id = $1',
      String(claimsOf(expired.accessToken)['sid']),
    );
    const tampered = (token: string) => token.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const answers = [
      await refresh(test, 'a'.repeat(32)),
      await refresh(test, tampered(alice.refreshToken)),
      await refresh(test, alice.refreshToken, { owner: 'ptdev' }),
      await refresh(test, SAMPLE_TOKEN),
      await refresh(test, tampered(revoked.refreshToken)),
      await refresh(test, revoked.refreshToken, { owner: 'ptdev' }),
      await refresh(test, tampered(expired.refreshToken)),
      await refresh(test, alice.accessToken.slice(0, 512)),
    ];
    const seen = new Set(
      answers.map(({ status, headers, text }) => JSON.stringify([status, Object.keys(headers), text])),
    );
    expect(seen.size).toBe(1);
    // Only who holds a genuine token learns why its session is over.
    expect(refusalOf(await refresh(test, revoked.refreshToken))).toBe('401 SESSION_LOGGED_OUT');
    // This one is still alive in the local copy: the database refuses its rotation.
    expect(refusalOf(await refresh(test, expired.refreshToken))).toBe('401 SESSION_EXPIRED');
  });

  it('whatever it is: no answer of 500, and never one of 200', async () => {
    const token = fc.oneof(
      fc.string({ minLength: 1, maxLength: 600, unit: 'binary' }),
      fc.stringMatching(/^[0-9A-Za-z]{32}$/),
      fc
        .stringMatching(/^[0-9A-Za-z]{16}/)
        .map((tail) => (alice.refreshToken.slice(0, 16) + tail).slice(0, 32)),
    );
    await fc.assert(
      fc.asyncProperty(token, fc.constantFrom('GET', 'POST'), async (text, method) => {
        fc.pre(text !== alice.refreshToken && isWellFormed(text));
        const answer =
          method === 'GET'
            ? await refresh(test, text)
            : await call(test, {
                method: 'POST',
                url: '/auth/token/refresh',
                payload: { refreshToken: text },
              });
        expect([400, 401]).toContain(answer.status);
        expect(answer.body.success).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});

describe('tenant confusion', () => {
  it('no token works under another project, and it still works in its own', async () => {
    const sample = dataOf(await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' }));
    const pairs = [
      [alice, 'ptdev', 'acme'],
      [sample, 'acme', 'ptdev'],
    ] as const;
    for (const [{ accessToken: bearer, refreshToken }, foreign, own] of pairs) {
      const sid = String(claimsOf(bearer)['sid']);
      expect(refusalOf(await refresh(test, refreshToken, { owner: foreign }))).toBe(
        '401 REFRESH_TOKEN_EXPIRED',
      );
      for (const [method, url] of [
        ['GET', '/auth/user'],
        ['GET', '/auth/sessions'],
        ['DELETE', '/auth/sessions?scope=all'],
        ['DELETE', '/auth/sessions?scope=others'],
        ['DELETE', `/auth/sessions/${sid}`],
      ] as const)
        expect(refusalOf(await call(test, { method, url, owner: foreign, bearer }))).toBe(
          '401 ACCESS_TOKEN_REFUSED',
        );
      expect(await introspected(bearer, foreign)).toBe(false);
      expect(await introspected(refreshToken, foreign)).toBe(false);
      const revoke = { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } } as const;
      expect((await call(test, { ...revoke, owner: foreign })).status).toBe(200);
      expect((await call(test, { url: '/auth/user', owner: own, bearer })).status).toBe(200);
      expect(await introspected(refreshToken, own)).toBe(true);
    }
  });

  it('one project’s session cannot be ended by another’s caller', async () => {
    const { accessToken: bearer } = await login(test);
    const url = '/auth/sessions/0000000000000001';
    expect(refusalOf(await call(test, { method: 'DELETE', url, bearer }))).toBe('404 SESSION_UNKNOWN');
    expect((await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' })).status).toBe(200);
  });

  it('equal names in two projects are two users', async () => {
    const columns = `user_id, user_name, password_hash, status, valid_after, client_id, role_id, dep_id, area_code, job_id,
      sys_id, merge_user_id, developer, created_at`;
    await test.sql(`INSERT INTO bo_user (owner_id, push_name, ${columns})
      SELECT 'ptdev', 'Another Bob', ${columns} FROM bo_user WHERE owner_id = 'acme' AND user_id = 'bob'`);
    const payload = { userName: 'bob', password: 'bob-password' };
    const [here, there] = [await login(test, { payload }), await login(test, { payload, owner: 'ptdev' })];
    expect([here.tokenUser.pushName, there.tokenUser.pushName]).toEqual(['Bob', 'Another Bob']);
    const all = { method: 'DELETE', url: '/auth/sessions?scope=all', bearer: here.accessToken } as const;
    expect((await call(test, all)).status).toBe(200);
    expect((await call(test, { url: '/auth/user', owner: 'ptdev', bearer: there.accessToken })).status).toBe(
      200,
    );
  });
});

describe('a forged access token', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const hmac = (text: string, secret: string | Buffer, algorithm = 'sha256') =>
    createHmac(algorithm, secret).update(text).digest('base64url');
  const forge = (header: object, claims: object, sign: (text: string) => string) => {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${sign(text)}`;
  };
  const claims = () => claimsOf(alice.accessToken);
  const header = () =>
    JSON.parse(Buffer.from(alice.accessToken.split('.')[0]!, 'base64url').toString()) as object;
  const secret = () => test.config.jwtSecret;

  it('is refused everywhere, and nobody is called to ask for a key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const rs256 = (text: string) => createSign('sha256').update(text).sign(privateKey, 'base64url');
    const own = (text: string) => hmac(text, secret());
    let calls = 0;
    const listener = createServer((socket) => {
      calls++;
      socket.destroy();
    });
    await new Promise<void>((done) => {
      listener.listen(0, '127.0.0.1', done);
    });
    const jku = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/jwks.json`;
    const jwk = publicKey.export({ format: 'jwk' });
    const now = Math.floor(Date.now() / 1000);
    const forged: Record<string, string> = {
      none: forge({ ...header(), alg: 'none' }, claims(), () => ''),
      None: forge({ ...header(), alg: 'None' }, claims(), () => ''),
      'none with the old signature': forge(
        { ...header(), alg: 'none' },
        claims(),
        () => alice.accessToken.split('.')[2]!,
      ),
      'no alg': forge({ ...header(), alg: undefined }, claims(), own),
      'another secret': forge(header(), claims(), (text) => hmac(text, 'x'.repeat(32))),
      'an empty secret': forge(header(), claims(), (text) => hmac(text, '')),
      'HS512 with the secret': forge({ ...header(), alg: 'HS512' }, claims(), (text) =>
        hmac(text, secret(), 'sha512'),
      ),
      RS256: forge({ ...header(), alg: 'RS256' }, claims(), rs256),
      'RS256 with its own jwk': forge({ ...header(), alg: 'RS256', jwk }, claims(), rs256),
      'RS256 with jku': forge({ ...header(), alg: 'RS256', jku, x5u: jku }, claims(), rs256),
      'HS256 with a public key as secret': forge(header(), claims(), (text) => hmac(text, pem)),
      'HS256 with jwk': forge(
        { ...header(), jwk: { kty: 'oct', k: Buffer.from('k').toString('base64url') } },
        claims(),
        (text) => hmac(text, 'k'),
      ),
      'a kid that is a path': forge({ ...header(), kid: '../../../../dev/null' }, claims(), (text) =>
        hmac(text, ''),
      ),
      'a kid that is SQL': forge({ ...header(), kid: "' UNION SELECT 'k' --" }, claims(), (text) =>
        hmac(text, 'k'),
      ),
      'a kid that is __proto__': forge({ ...header(), kid: '__proto__' }, claims(), (text) => hmac(text, '')),
      'a kid that is an object': forge({ ...header(), kid: { $ne: null } }, claims(), own),
      'no kid': forge({ ...header(), kid: undefined }, claims(), own),
      'another issuer': forge(header(), { ...claims(), iss: 'RG4' }, own),
      'another audience': forge(header(), { ...claims(), aud: 'web' }, own),
      'another project': forge(header(), { ...claims(), owner_id: 'ptdev' }, own),
      'another user': forge(header(), { ...claims(), id: 'bob' }, own),
      'another session': forge(header(), { ...claims(), sid: 'f'.repeat(16) }, own),
      'no session': forge(header(), { ...claims(), sid: undefined }, own),
      'no project': forge(header(), { ...claims(), owner_id: undefined }, own),
      'a session that is an object': forge(header(), { ...claims(), sid: { $ne: null } }, own),
      expired: forge(header(), { ...claims(), exp: now - 1 }, own),
      'not yet valid': forge(header(), { ...claims(), nbf: now + 3_600 }, own),
      'no expiry': forge(header(), { ...claims(), exp: undefined }, own),
      'an expiry that is text': forge(header(), { ...claims(), exp: String(now + 600) }, own),
      'a changed claim': alice.accessToken.replace(/\.[^.]+\./, `.${part({ ...claims(), developer: '1' })}.`),
      'four parts': `${alice.accessToken}.x`,
      'claims that are a list': forge(header(), [], own),
      'claims that are null': `${part(header())}.${part(null)}.${own(`${part(header())}.${part(null)}`)}`,
      'a crit that nobody knows': forge({ ...header(), crit: ['exp'], b64: false }, claims(), own),
    };
    const through: string[] = [];
    for (const [name, bearer] of Object.entries(forged)) {
      const answer = await call(test, { url: '/auth/user', bearer });
      if (refusalOf(answer) !== '401 ACCESS_TOKEN_REFUSED') through.push(`${name}: ${refusalOf(answer)}`);
      if (await introspected(bearer)) through.push(`${name}: introspected`);
    }
    listener.close();
    expect(through).toEqual([]);
    expect(calls).toBe(0);
    // The control: with the right key and claims it is no forgery.
    expect((await call(test, { url: '/auth/user', bearer: forge(header(), claims(), own) })).status).toBe(
      200,
    );
  });

  it('an access token is no refresh token, and the reverse', async () => {
    const short = { refreshToken: alice.accessToken.slice(0, 512) };
    expect((await call(test, { method: 'POST', url: '/auth/token/refresh', payload: short })).status).toBe(
      401,
    );
    expect((await call(test, { url: '/auth/user', bearer: alice.refreshToken })).status).toBe(401);
  });
});

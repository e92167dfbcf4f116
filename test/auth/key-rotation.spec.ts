import * as jose from 'jose';
import { PUBLISH_WAIT_MS, type SigningKeyRow } from '../../src/auth/access-token/signing-key.js';
import { lastTokenEnds } from '../../src/auth/last-token.js';
import { MAX_KEYS } from '../../src/auth/access-token/signing-keys.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { dataOf, login, refresh, refusalOf } from '../support/app.js';
import {
  start,
  databaseFolder,
  keysOf,
  signWith,
  keySet,
  presented,
  endServices,
} from './signing-key-service.js';

endServices();

describe('rotation', () => {
  test('fails no verification, at any step, in any process', async () => {
    const { url } = databaseFolder();
    const first = await start({ DATABASE_URL: url });
    const second = await start({ DATABASE_URL: url });
    // All clocks advance together: those of the processes and that of the verifier's cache.
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
        // A busy disk has nothing to do with keys: the client retries with the same token.
        while (answer.status === 503) answer = await refresh(first, grant.refreshToken);
        if (answer.status !== 200) failures.push(`refresh: ${refusalOf(answer)}`);
        grant = dataOf(answer);
        tokens.push(grant.accessToken);
        await verify(grant.accessToken);
        // An older one too: it is valid until it expires.
        await verify(tokens[Math.max(0, tokens.length - 1 - (rounds % 17))]!);
      }
    })().catch((error: unknown) => failures.push(String(error)));
    const someRounds = async () => {
      const enough = progress.rounds + 3;
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
    // Many at once; none delays another.
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
    // Anyone who verifies HS256 has its secret, and could sign any token.
    const { kid } = jose.decodeProtectedHeader(before);
    const secret = Buffer.from(service.config.jwtSecret);
    const forged = await new jose.SignJWT(jose.decodeJwt(current))
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: kid! })
      .sign(secret);
    expect(await presented(service, forged)).toBe('401 ACCESS_TOKEN_REFUSED');
    expect(await presented(service, current)).toBe('200');
    expect(await presented(service, accessToken)).toBe('401 ACCESS_TOKEN_REFUSED');
    // Another project's tokens stay valid.
    const other = await login(service, { user: 'dev', owner: 'ptdev' });
    expect(await presented(service, other.accessToken, 'ptdev')).toBe('200');
  });
});

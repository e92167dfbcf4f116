import { assert, integer, nat, property, string } from 'fast-check';
import * as jose from 'jose';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeySeal } from '../../src/auth/access-token/key-seal.js';
import { generateSigningKey, publicJwk } from '../../src/auth/access-token/signing-algorithm.js';
import { ConfigError } from '../../src/config/config.js';
import { Peppers } from '../../src/config/pepper.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { dataOf, login, refresh, refusalOf, startApp } from '../support/app.js';
import {
  OLD_PEPPER,
  NEW_PEPPER,
  start,
  databaseFolder,
  signWith,
  keySet,
  presented,
  privateKeyOf,
  endServices,
} from './signing-key-service.js';

endServices();

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

import * as jose from 'jose';
import { type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeySeal } from '../../src/auth/access-token/key-seal.js';
import { type SigningAlgorithm } from '../../src/auth/access-token/signing-algorithm.js';
import { type SigningKeyRow } from '../../src/auth/access-token/signing-key.js';
import { SigningKeys } from '../../src/auth/access-token/signing-keys.js';
import { call, refusalOf, startApp, type TestApp } from '../support/app.js';

export const JWKS = '//.well-known/jwks.json';
export const OLD_PEPPER = 'old-pepper-that-is-long-enough-for-it';
export const NEW_PEPPER = 'new-pepper-that-is-long-enough-for-it';
const folders: string[] = [];
export const running: TestApp[] = [];

export async function start(env: Record<string, string> = {}): Promise<TestApp> {
  const test = await startApp(env);
  running.push(test);
  return test;
}

export function databaseFolder(): { folder: string; url: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bo-auth-keys-'));
  folders.push(folder);
  return { folder, url: `sqlite:${join(folder, 'keys.sqlite')}` };
}

export function keysOf(test: TestApp): SigningKeys {
  return test.app.get(SigningKeys, { strict: false });
}

/** Publishes a key and makes it sign immediately; another test covers the waits. */
export async function signWith(test: TestApp, ownerId: string, algorithm: SigningAlgorithm): Promise<string> {
  const published = await keysOf(test).publish(ownerId, algorithm);
  if (published.kind !== 'published') throw new Error(published.kind);
  const { kid } = published.key;
  const promoted = await keysOf(test).promote(ownerId, kid, { force: true });
  if (promoted.kind !== 'promoted') throw new Error(promoted.kind);
  return kid;
}

export async function keySet(test: TestApp, query = '', headers = {}): Promise<jose.JWK[]> {
  const answer = await call(test, { url: JWKS + query, owner: null, verify: null, headers });
  if (answer.status !== 200) throw new Error(answer.text);
  return (JSON.parse(answer.text) as jose.JSONWebKeySet).keys;
}

/** How a resource of the service answers an access token. */
export async function presented(test: TestApp, bearer: string, owner = 'acme'): Promise<string> {
  const answer = await call(test, { url: '/auth/user', bearer, owner });
  return answer.status === 200 ? '200' : refusalOf(answer);
}

export async function privateKeyOf(test: TestApp, kid: string): Promise<KeyObject> {
  const [row] = await test.sql<SigningKeyRow>('SELECT * FROM bo_signing_key WHERE kid = $1', kid);
  const { owner_id: ownerId, algorithm, private_key } = row!;
  return new KeySeal(test.config.peppers).open(private_key!, { ownerId, kid, algorithm })!;
}

export const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function endServices(): void {
  afterEach(async () => {
    for (const test of running.splice(0)) await test.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
}

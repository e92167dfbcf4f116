import CryptoJS from 'crypto-js';
import { pathToFileURL } from 'node:url';
import type { VerificationProfile } from '../../src/tenancy/verification/verification-profile.js';
import { CBC, ECB, EDE3, HMAC, NOW, open, SKEW } from '../tenancy/sealed-values.js';

type Seal = (profile: VerificationProfile & { encoding: string }, now: number) => string;

/** The page's module, which finds crypto-js where its script tag has put it. */
let seal: Seal;

beforeAll(async () => {
  Object.assign(globalThis, { CryptoJS });
  const page = (await import(pathToFileURL('src/docs/page/verify-api.js').href)) as { sealVerifyApi: Seal };
  seal = page.sealVerifyApi;
});
afterAll(() => Reflect.deleteProperty(globalThis, 'CryptoJS'));

const PROFILES = [
  ECB,
  CBC,
  EDE3,
  { ...EDE3, cipher: 'des-ede3-cbc', iv: 'hex:1234567890abcdef' },
  HMAC,
] as const;

it.each(PROFILES)('the documentation page seals what the service opens: $cipher', (base) => {
  for (const padding of ['pkcs7', 'zeros'] as const)
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const profile = { ...base, padding, encoding };
      const opened = { kind: 'verified', guid: expect.any(String), expiresAt: NOW + SKEW };
      expect(open(profile, seal(profile, NOW))).toEqual(opened);
    }
});

import CryptoJS from 'crypto-js';
import { inspectVerifyHeader } from '../../src/cli/token/verify-inspection.js';
import { PROJECTS } from '../../src/demo/demo-rows.js';
import type { Project } from '../../src/tenancy/project/project.entity.js';
import { Peppers } from '../../src/config/pepper.js';
import { VerifyKeySeal } from '../../src/tenancy/project/verify-key-seal.js';
import { TenantProject } from '../../src/tenancy/project/tenant-project.js';
import type { VerificationProfile } from '../../src/tenancy/verification/verification-profile.js';
import { ECB, GUID, HMAC, NOW, PLAIN_GUID, seal } from '../tenancy/sealed-values.js';

/** A key of 8 bytes in hex, so that clients can read it in more than one way. */
const KEY = '1f2e3d4c5b6a7988';
const MD5 = CryptoJS.MD5(KEY).toString();

const atRest = new VerifyKeySeal({ peppers: Peppers.parse('a-pepper') });

const inspect = (text: string, settings: Partial<Project> = {}) => {
  const row = PROJECTS.find(({ ownerId }) => ownerId === 'acme')!;
  const project = new TenantProject({ ...row, createdAt: NOW, verifyKey: KEY, ...settings }, atRest);
  return inspectVerifyHeader(project, atRest, text, NOW);
};

const OTHERS: readonly (readonly [string, Partial<VerificationProfile>])[] = [
  ['the padding zeros, the key as it is', { key: KEY, padding: 'zeros' }],
  ['the cipher des-ecb, the padding pkcs7, the key read as hex', { key: `hex:${KEY}` }],
  ['the key read as Base64', { cipher: 'des-ede3-ecb', key: 'base64:MTIzNDU2Nzg=' }],
  ['the IV hex:1234567890abcdef', { cipher: 'des-cbc', key: KEY, iv: 'hex:1234567890abcdef' }],
  ['the IV hex:0000000000000000', { cipher: 'des-ede3-cbc', key: KEY, iv: 'hex:0000000000000000' }],
  ['the IV 12345678', { cipher: 'des-cbc', key: KEY, iv: '12345678' }],
  ['the key as it is, and the same as the IV', { cipher: 'des-cbc', key: KEY, iv: KEY }],
  ['the MD5 of the key, as bytes', { cipher: 'des-ede3-ecb', key: `hex:${MD5}` }],
  [
    'digits of the MD5 of the key, in upper case, and the same as the IV',
    { cipher: 'des-cbc', key: MD5.slice(0, 8).toUpperCase(), iv: MD5.slice(0, 8).toUpperCase() },
  ],
  ['the cipher hmac-sha256, the key as it is', { cipher: 'hmac-sha256', key: KEY }],
];

describe('a value that the settings of its project do not open', () => {
  it.each(OTHERS)('is told to need %s', (says, profile) => {
    const verifyKey = says.includes('Base64') ? 'MTIzNDU2Nzg=' : KEY;
    const inspection = inspect(seal({ ...ECB, ...profile }, `${GUID}|${NOW - 5000}`), { verifyKey });
    expect(inspection).toMatchObject({ verifies: false, holds: { guid: PLAIN_GUID, ageSeconds: 5 } });
    expect(inspection.says).toEqual([
      expect.stringContaining(says),
      expect.stringContaining('key rotate verify acme'),
    ]);
    const text = JSON.stringify(inspection);
    for (const secret of [verifyKey, MD5, MD5.slice(0, 8), MD5.slice(0, 8).toUpperCase()])
      expect(text).not.toContain(secret);
  });

  it('takes DES from a client of a project that expects hmac-sha256', () => {
    const verifyKey = 'a long key that DES truncates';
    const value = seal({ ...ECB, key: verifyKey.slice(0, 8) }, GUID);
    const { says } = inspect(value, { verifyCipher: 'hmac-sha256', verifyKey });
    expect(says[0]).toContain('the cipher des-ecb');
  });

  it('is told that nothing fits, without much work', () => {
    const start = process.cpuUsage();
    const { says, holds } = inspect(seal({ ...ECB, key: 'another' }, `${GUID}|${'x'.repeat(600)}`));
    expect(says).toEqual([expect.stringContaining('padding is wrong'), expect.stringContaining('None of')]);
    expect(holds).toMatchObject({ guid: null, stamp: null });
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
  });

  it('is told that its key was replaced', () => {
    const former = { verifyPreviousCipher: 'des-ecb', verifyPreviousKey: 'previous' } as const;
    const value = seal({ ...ECB, key: 'previous' }, GUID);
    expect(inspect(value, { ...former, verifyPreviousUntil: NOW + 1 })).toMatchObject({
      verifies: true,
      says: [expect.stringContaining('still accepted')],
    });
    expect(inspect(value, { ...former, verifyPreviousUntil: NOW })).toMatchObject({
      verifies: false,
      says: [expect.stringContaining('no longer accepted')],
    });
    const stale = seal({ ...ECB, key: 'previous' }, `${GUID}|${NOW - 400_000}`);
    expect(inspect(stale, { ...former, verifyPreviousUntil: NOW + 1 })).toMatchObject({
      verifies: false,
      says: [expect.stringContaining('further off')],
    });
  });

  it('is not searched for where only its stamp is wrong', () => {
    const verifyKey = HMAC.key;
    const value = seal(HMAC, `${GUID}|${NOW - 400_000}`);
    const { says, holds } = inspect(value, { verifyCipher: 'hmac-sha256', verifyKey });
    expect(says).toEqual([expect.stringContaining('further off')]);
    expect(holds).toMatchObject({ ageSeconds: 400 });
  });
});

import { createCipheriv } from 'node:crypto';
import {
  prepareProfile,
  profileProblems,
  type VerificationProfile,
} from '../../src/tenancy/verification/verification-profile.js';
import { sealXverifyApi } from '../../src/tenancy/verification/xverify-api.js';
import { CBC, ECB, EDE3, GUID, HMAC, NOW, open, refused, seal, SKEW, verified } from './sealed-values.js';

const EDE3_CBC: VerificationProfile = { ...EDE3, cipher: 'des-ede3-cbc', iv: 'vector-8' };
const BYTES = '0123456789abcdeffedcba98765432108899aabbccddeeff';

/** How clients in public code write `encryptByDES`. */
const CLIENTS: readonly (readonly [string, VerificationProfile])[] = [
  ['a key in hex', { ...ECB, key: `hex:${BYTES.slice(0, 16)}` }],
  ['a key in Base64', { ...ECB, key: 'base64:ASNFZ4mrze8=' }],
  ['the IV of the C# textbook', { ...CBC, iv: 'hex:1234567890abcdef' }],
  ['the IV of the C# textbook in Base64', { ...CBC, iv: 'base64:EjRWeJCrze8=' }],
  ['an IV of zeros', { ...CBC, iv: 'hex:0000000000000000' }],
  ['triple DES', EDE3],
  ['triple DES with two keys', { ...EDE3, key: '16 bytes of text' }],
  ['triple DES with one key', { ...EDE3, key: 'ptdev-58' }],
  ['triple DES with a key that is too long', { ...EDE3, key: 'text of more than 24 bytes in UTF-8' }],
  ['triple DES with a key in hex', { ...EDE3, key: `hex:${BYTES}` }],
  ['triple DES with two keys in hex', { ...EDE3, key: `hex:${BYTES.slice(0, 32)}` }],
  ['triple DES in CBC', EDE3_CBC],
  ['triple DES in CBC, all in hex', { ...EDE3_CBC, key: `hex:${BYTES}`, iv: 'hex:1234567890abcdef' }],
  ['hmac-sha256 with a key in hex', { ...HMAC, key: `hex:${BYTES}` }],
  ['hmac-sha256 with a key in Base64', { ...HMAC, key: 'base64:ASNFZ4mrze/+3LqYdlQyEA==' }],
];

describe.each(CLIENTS)('%s', (_, base) => {
  it('is a sound profile', () => expect(profileProblems(base)).toEqual([]));

  it('opens what crypto-js seals, and seals the same', () => {
    for (const padding of ['pkcs7', 'zeros'] as const) {
      const profile = { ...base, padding };
      for (const plaintext of [GUID, `${GUID}|${NOW}`, `${GUID}${NOW / 1000}`, `{${GUID}}2026/11/23 17:0:0`])
        for (const encoding of ['base64', 'hex'])
          expect(open(profile, seal(profile, plaintext, encoding))).toEqual(verified(NOW + SKEW));
      const ours = sealXverifyApi(prepareProfile(profile), GUID, NOW);
      expect(ours).toBe(seal(profile, `${GUID}|${NOW}`));
    }
  });
});

it('a short key of triple DES is padded with zeros, as PHP does it', () => {
  const cipher = createCipheriv(
    'des-ede3-ecb',
    Buffer.concat([Buffer.from('ten bytes!'), Buffer.alloc(14)]),
    null,
  );
  const value = cipher.update(GUID, 'utf8', 'base64') + cipher.final('base64');
  expect(open({ ...EDE3, key: 'ten bytes!' }, value)).toEqual(verified());
});

it('zeros are no padding of pkcs7, and the other way round only where the text is whole', () => {
  const zeros = { ...ECB, padding: 'zeros' as const };
  // 36 characters take 4 bytes of padding, 40 take none, or a block of pkcs7.
  expect(open(ECB, seal(zeros, GUID))).toEqual(refused('bad-padding'));
  expect(open(zeros, seal({ ...ECB, key: 'another' }, GUID))).toEqual(refused('no-guid'));
  expect(open(zeros, seal(zeros, `${GUID}|123`))).toEqual(verified());
});

it('text that only resembles bytes stays text in a project that has it already', () => {
  for (const key of ['hex:', 'hex:123', 'base64:a', 'HEX:0123456789abcdef', 'base64:~~~~']) {
    const profile = { ...HMAC, key: `${key} and more text` };
    const { length } = profileProblems(profile);
    expect(length).toBe(/^(hex|base64):/.test(key) ? 1 : 0);
    const mac = seal({ ...HMAC, key: `hex:${Buffer.from(profile.key).toString('hex')}` }, GUID);
    expect(open(profile, mac)).toEqual(verified());
  }
});

import {
  profileProblems,
  prepareProfile,
  type PreparedProfile,
} from '../../src/tenancy/verification/verification-profile.js';
import { ECB, CBC, EDE3, HMAC, PROFILES } from './sealed-values.js';

describe('prepareProfile', () => {
  it('holds no key that a log could show', () => {
    const show = (profile: PreparedProfile) =>
      JSON.stringify(profile) + Object.values(profile).map(String).join();
    for (const profile of PROFILES) expect(show(prepareProfile(profile))).not.toContain(profile.key);
  });

  it('throws on a zone that does not exist and on des-cbc without IV', () => {
    expect(() => prepareProfile({ ...ECB, timeZone: 'Mars/Olympus' })).toThrow(RangeError);
    expect(() => prepareProfile({ ...CBC, iv: null })).toThrow(RangeError);
  });
});

describe('profileProblems', () => {
  it.each(PROFILES)('finds nothing wrong with a sound $cipher', (profile) => {
    expect(profileProblems(profile)).toEqual([]);
    expect(profileProblems({ ...profile, skewSeconds: 1 })).toEqual([]);
    expect(profileProblems({ ...profile, skewSeconds: 86_400, stampRequired: true })).toEqual([]);
  });

  it.each([
    ['an empty key', { ...ECB, key: '' }],
    ['half a surrogate pair', { ...ECB, key: 'abc\ud800' }],
    ['a weak key', { ...ECB, key: '\u0001'.repeat(8) }],
    ['a weak key of other parity', { ...ECB, key: '\u0000\u0001'.repeat(4) }],
    ['a weak key by zero padding', { ...ECB, key: '\u0000' }],
    ['a weak key by truncation', { ...CBC, key: `${'\u0001'.repeat(8)}and more` }],
    ['a weak key', { ...ECB, key: '\u001f\u001f\u001f\u001f\u000e\u000e\u000e\u000e' }],
    ['a semi-weak key', { ...ECB, key: '\u0001\u001f\u0001\u001f\u0001\u000e\u0001\u000e' }],
    ['a semi-weak key of other parity', { ...ECB, key: '\u001e\u0000\u001e\u0000\u000f\u0000\u000f\u0000' }],
    ['no IV', { ...CBC, iv: null }],
    ['an empty IV', { ...CBC, iv: '' }],
    ['an IV that nothing uses', { ...ECB, iv: 'vector-8' }],
    ['a short HMAC key', { ...HMAC, key: 'fifteen bytes..' }],
    ['no skew', { ...ECB, skewSeconds: 0 }],
    ['too much skew', { ...ECB, skewSeconds: 86_401 }],
    ['half a second', { ...ECB, skewSeconds: 1.5 }],
    ['not a number', { ...ECB, skewSeconds: Number.NaN }],
    ['an unknown zone', { ...ECB, timeZone: 'Mars/Olympus' }],
    ['an unknown cipher', Object.assign({}, ECB, { cipher: 'rot13' })],
    ['an unknown padding', Object.assign({}, ECB, { padding: 'spaces' })],
    ['a key that is no hex', { ...ECB, key: 'hex:12345' }],
    ['a key that is no Base64', { ...ECB, key: 'base64:1234567 8' }],
    ['no bytes', { ...ECB, key: 'hex:' }],
    ['too few bytes', { ...ECB, key: 'hex:1234567890abcd' }],
    ['too many bytes', { ...ECB, key: 'hex:1234567890abcdef12' }],
    ['a weak key as bytes', { ...ECB, key: 'hex:fefefefefefefefe' }],
    ['a semi-weak key as bytes', { ...ECB, key: 'base64:4P7g/vH+8f4=' }],
    ['an IV of seven bytes', { ...CBC, iv: 'hex:00000000000000' }],
    ['no IV for triple DES', { ...EDE3, cipher: 'des-ede3-cbc' as const }],
    ['an IV that triple DES does not use', { ...EDE3, iv: 'vector-8' }],
    ['a triple key of 23 bytes', { ...EDE3, key: `hex:${'12'.repeat(23)}` }],
    ['three weak keys', { ...EDE3, key: '\u0001'.repeat(24) }],
    ['a short HMAC key as bytes', { ...HMAC, key: `hex:${'12'.repeat(15)}` }],
    ['an unknown encoding', Object.assign({}, ECB, { encoding: 'morse' })],
  ])('finds %s, in one sentence', (_, profile) => {
    const problems = profileProblems(profile);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^[A-Z].*\.$/);
  });

  it('knows every weak key that text can spell, whatever its parity bits', () => {
    // a byte over 0x7f in these keys is never UTF-8, so 00…, 1e…0e… and the semi-weak pair of them remain
    const found = new Set<string>();
    const bytes = ['\u0000', '\u0001', '\u001e', '\u001f', '\u000e', '\u000f'];
    for (const a of bytes) {
      for (const b of bytes) {
        for (const c of bytes) {
          for (const d of bytes) {
            const key = (a + b).repeat(2) + (c + d).repeat(2);
            if (profileProblems({ ...ECB, key }).length > 0) {
              found.add(Array.from(key, (x) => x.charCodeAt(0) & 0xfe).join());
            }
          }
        }
      }
    }
    expect(found.size).toBe(4);
  });
});

import CryptoJS from 'crypto-js';
import {
  assert,
  base64String,
  constantFrom,
  nat,
  oneof,
  property,
  string,
  stringMatching,
  tuple,
} from 'fast-check';
import { createHmac } from 'node:crypto';
import {
  profileProblems,
  prepareProfile,
  VERIFICATION_ENCODINGS,
  type PreparedProfile,
  type VerificationProfile,
} from '../../src/tenancy/verification/verification-profile.js';
import { openXverifyApi, sealXverifyApi } from '../../src/tenancy/verification/xverify-api.js';

const NOW = Date.UTC(2026, 10, 23, 9, 0, 0);
const SKEW = 300_000;
const GUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const PLAIN_GUID = GUID.replaceAll('-', '');

const ECB: VerificationProfile = {
  cipher: 'des-ecb',
  key: 'ptdev-58',
  iv: null,
  encoding: 'base64',
  skewSeconds: 300,
  stampRequired: false,
  timeZone: 'Asia/Shanghai',
};
const CBC: VerificationProfile = { ...ECB, cipher: 'des-cbc', iv: 'vector-8' };
const HMAC: VerificationProfile = { ...ECB, cipher: 'hmac-sha256', key: 'sixteen bytes or more' };
const PROFILES = [ECB, CBC, HMAC];

/** What a caller's page does, by nobody's code but crypto-js; the HMAC by node's, since ours is under test. */
function seal({ cipher, key, iv }: VerificationProfile, plaintext: string, encoding = 'base64'): string {
  const utf8 = CryptoJS.enc.Utf8;
  if (cipher === 'hmac-sha256') {
    const mac = CryptoJS.HmacSHA256(utf8.parse(plaintext), utf8.parse(key));
    return `${plaintext}.${encode(mac, encoding)}`;
  }
  const options =
    cipher === 'des-ecb'
      ? { mode: CryptoJS.mode.ECB, padding: CryptoJS.pad.Pkcs7 }
      : { mode: CryptoJS.mode.CBC, padding: CryptoJS.pad.Pkcs7, iv: utf8.parse(iv ?? '') };
  return encode(CryptoJS.DES.encrypt(utf8.parse(plaintext), utf8.parse(key), options).ciphertext, encoding);
}

function encode(words: CryptoJS.lib.WordArray, encoding: string): string {
  const base64 = CryptoJS.enc.Base64.stringify(words);
  switch (encoding) {
    case 'hex':
      return CryptoJS.enc.Hex.stringify(words);
    case 'HEX':
      return CryptoJS.enc.Hex.stringify(words).toUpperCase();
    case 'base64url':
      return CryptoJS.enc.Base64url.stringify(words);
    case 'unpadded':
      return base64.replaceAll('=', '');
    case 'spaces':
      return base64.replaceAll('+', ' ');
    default:
      return base64;
  }
}

const open = (profile: VerificationProfile, value: string, now = NOW) =>
  openXverifyApi(prepareProfile(profile), value, now);

const openPlain = (plaintext: string, profile = ECB, now = NOW) =>
  open(profile, seal(profile, plaintext), now);

const verified = (expiresAt = NOW + SKEW) => ({ kind: 'verified', guid: PLAIN_GUID, expiresAt });
const refused = (reason: string) => ({ kind: 'refused', reason });

const local = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().replace('Z', '');
const digits = (iso: string): string => iso.replaceAll(/\D/g, '');

const anyHex = stringMatching(/^[0-9a-fA-F]{32}$/);
const anyGuid = tuple(anyHex, constantFrom('plain', 'dashed', 'braced', 'both')).map(
  ([hex, form]): [string, string] => {
    const dashed = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const body = form === 'dashed' || form === 'both' ? dashed : hex;
    return [form === 'braced' || form === 'both' ? `{${body}}` : body, hex.toLowerCase()];
  },
);
const anyKey = string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const anyEncoding = constantFrom('base64', 'base64url', 'hex', 'HEX', 'unpadded', 'spaces');

describe.each(PROFILES)('openXverifyApi of $cipher', (base) => {
  it('opens whatever crypto-js sealed with any key, in any encoding', () => {
    assert(
      property(
        anyKey,
        anyKey,
        anyGuid,
        anyEncoding,
        string({ maxLength: 20 }),
        (key, iv, guid, encoding, more) => {
          const profile = { ...base, key, iv: base.iv && iv };
          // a MAC's plaintext travels in the clear, as header text
          const rest = base.cipher === 'hmac-sha256' ? more.replaceAll(/[^\x20-\x7e]/g, '') : more;
          const value = seal(profile, `${guid[0]}|x${rest}`, encoding);
          expect(open(profile, value)).toEqual({ kind: 'verified', guid: guid[1], expiresAt: NOW + SKEW });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('opens what it sealed itself, in every encoding, stamped or not', () => {
    for (const encoding of VERIFICATION_ENCODINGS) {
      const profile = prepareProfile({ ...base, encoding });
      expect(openXverifyApi(profile, sealXverifyApi(profile, GUID, NOW + 1), NOW)).toEqual(
        verified(NOW + 1 + SKEW),
      );
      expect(openXverifyApi(profile, sealXverifyApi(profile, GUID), NOW)).toEqual(verified());
    }
  });

  it('seals what crypto-js seals', () => {
    for (const encoding of VERIFICATION_ENCODINGS) {
      const profile = { ...base, encoding };
      const ours = sealXverifyApi(prepareProfile(profile), GUID, NOW).replaceAll('=', '');
      expect(ours).toBe(seal(profile, `${GUID}|${NOW}`, encoding).replaceAll('=', ''));
    }
  });

  it('gives a value for any text whatever', () => {
    const profile = prepareProfile(base);
    const whole = seal(base, `${GUID}|${NOW}`);
    const mutated = tuple(nat(whole.length), nat(3), string({ unit: 'binary', maxLength: 3 })).map(
      ([at, drop, put]) => whole.slice(0, at) + put + whole.slice(at + drop),
    );
    const any = oneof(
      string({ unit: 'binary' }),
      base64String({ maxLength: 200 }),
      stringMatching(/^[0-9a-f]{0,64}$/),
      stringMatching(/^[ -~]{0,40}\.[A-Za-z0-9+/_=-]{40,66}$/),
      mutated,
    );
    assert(
      property(any, (value) => {
        const verdict = openXverifyApi(profile, value, NOW);
        expect(['verified', 'refused']).toContain(verdict.kind);
        if (verdict.kind === 'verified') expect(verdict.guid).toMatch(/^[0-9a-f]{32}$/);
      }),
      { numRuns: 5000 },
    );
    // the one decipher that all requests share is none the worse for it
    expect(openXverifyApi(profile, whole, NOW)).toEqual(verified());
  });

  it('refuses a value over 1024 characters and takes one of 1024', () => {
    const fill = (length: number): string => {
      for (let n = 0; n < 1024; n++) {
        const value = seal(base, `${GUID}|x${'y'.repeat(n)}`, 'hex');
        if (value.length >= length) return value;
      }
      throw new Error('no such length');
    };
    expect(fill(1024)).toHaveLength(1024);
    expect(open(base, fill(1024))).toEqual(verified());
    expect(open(base, fill(1025))).toEqual(refused('too-long'));
  });

  it('refuses the same value under another key', () => {
    const value = seal({ ...base, key: 'another key, long enough' }, GUID);
    expect(open(base, value).kind).toBe('refused');
  });

  it.each(['', ' ', '=', '====', '.', 'a', '%%%%', 'zz', '\0', 'ŀŀŀŀ'])('refuses %j', (value) => {
    expect(open(base, value)).toEqual(refused('undecodable'));
  });
});

describe('encodings', () => {
  /** The first of many values whose Base64 has a property. */
  function find(wanted: (base64: string) => boolean, length: number): { guid: string; value: string } {
    for (let n = 0; n < 10_000; n++) {
      const counter = n.toString(16).padStart(8, '0');
      // in the first block and in the last: ECB lets no other change the ends
      const guid = counter.repeat(4);
      const value = seal(ECB, `${guid}|${counter.slice(33 - length).padStart(length - 33, 'x')}`);
      if (wanted(value)) return { guid, value };
    }
    throw new Error('no such value');
  }
  const opened = ({ guid, value }: { guid: string; value: string }, encoding: (v: string) => string) =>
    expect(open(ECB, encoding(value))).toEqual({ kind: 'verified', guid, expiresAt: NOW + SKEW });

  it.each([33, 40, 52])('takes a "+" that became a space, %i bytes', (length) => {
    const found = find((v) => v.slice(1, -2).includes('+'), length);
    opened(found, (v) => v.replaceAll('+', ' '));
  });

  it.each([33, 40, 52])('takes a value whose leading "+" was stripped, %i bytes', (length) => {
    const found = find((v) => v.startsWith('+'), length);
    opened(found, (v) => v.replaceAll('+', ' ').trim());
    opened(found, (v) => v.replaceAll('+', ' ').trim().replaceAll('=', ''));
  });

  it('takes a value whose trailing "+" was stripped', () => {
    const found = find((v) => v.endsWith('+'), 47);
    opened(found, (v) => v.replaceAll('+', ' ').trim());
  });

  it('refuses hex with a digit too many or too few', () => {
    const value = seal(ECB, GUID, 'hex');
    expect(open(ECB, value)).toEqual(verified());
    expect(open(ECB, `${value}0`).kind).toBe('refused');
    expect(open(ECB, value.slice(1)).kind).toBe('refused');
    expect(open(ECB, `${value}00`).kind).toBe('refused');
  });

  it('refuses an alphabet of its own, "=" in the middle or in excess', () => {
    const value = seal(ECB, GUID);
    for (const broken of [
      `${value}=`,
      `=${value}`,
      `${value.slice(0, 8)}=${value.slice(9)}`,
      `${value.slice(0, -2)}~=`,
    ]) {
      expect(open(ECB, broken).kind).toBe('refused');
    }
  });
});

describe('plaintexts', () => {
  const separators = ['', ...Array.from('|&,_#;:@-')];
  const at = NOW + 7000;
  const stamps: [string, string][] = [
    ['seconds', `${at / 1000}`],
    ['milliseconds', `${at}`],
    ['local digits', digits(local(at)).slice(0, 14)],
    ['local digits with milliseconds', digits(local(at))],
    ['ISO in UTC', new Date(at).toISOString()],
    ['ISO in UTC, lower case', new Date(at).toISOString().toLowerCase()],
    ['ISO with an offset', `${new Date(at - 5.5 * 3_600_000).toISOString().slice(0, 19)}-05:30`],
    ['ISO with an offset in hours', `${local(at).slice(0, 19)}+08`],
    ['ISO with an offset, no colon', `${local(at)}+0800`],
    ['ISO without an offset', local(at)],
    ['ISO with a space', local(at).replace('T', ' ').slice(0, 19)],
    ['ISO with a comma and many digits', `${local(at).slice(0, 19)},000999`],
    ['ISO basic', `${digits(new Date(at).toISOString()).replace(/^(.{8})(.{6}).*/, '$1T$2')}Z`],
  ];

  describe.each(stamps)('stamp: %s', (_, stamp) => {
    it.each(separators)('after %j', (separator) => {
      for (const profile of PROFILES.map((p) => ({ ...p, stampRequired: true }))) {
        for (const tail of ['', '|', '|tail', ' 1', 'x']) {
          for (const guid of [GUID, PLAIN_GUID.toUpperCase(), `{${GUID}}`]) {
            expect(openPlain(guid + separator + stamp + tail, profile)).toEqual(verified(at + SKEW));
          }
        }
      }
    });
  });

  it.each([
    '',
    '|',
    '|anything',
    '||1763888400',
    '|1',
    '|176388840',
    '|17638884001',
    '|176388840000',
    '|17638884000001',
    '|1763888400000123456',
    '|20261323090000',
    '|20260229090000',
    '|20261123240000',
    '|20261123096000',
    '|2026112309000012',
    '|2026-11-23',
    '|2026-02-29T09:00:00Z',
    '|x1763888400',
    ' 1763888400',
    '/1763888400',
    '}',
    '\u0000',
    '中文',
  ])('no stamp: %j', (tail) => {
    expect(openPlain(GUID + tail)).toEqual(verified());
    expect(openPlain(GUID + tail, { ...ECB, stampRequired: true })).toEqual(refused('stamp-missing'));
  });

  it.each([
    '',
    'x',
    PLAIN_GUID.slice(1),
    `${PLAIN_GUID.slice(1)}g`,
    ` ${GUID}`,
    `{${GUID}`,
    `{${GUID}|}`,
    `{{${GUID}}}`,
    GUID.replace('-', ''),
    GUID.replaceAll('-', ':'),
    GUID.slice(0, -1),
  ])('no GUID: %j', (plaintext) => {
    expect(openPlain(plaintext)).toEqual(refused('no-guid'));
  });

  it('tells the window by the millisecond, both edges in', () => {
    for (const profile of [...PROFILES, { ...ECB, skewSeconds: 1 }, { ...ECB, skewSeconds: 86_400 }]) {
      const skew = profile.skewSeconds * 1000;
      const openStamp = (stamp: number) => openPlain(`${GUID}|${stamp}`, profile);
      expect(openStamp(NOW - skew)).toEqual(verified(NOW + skew));
      expect(openStamp(NOW + skew)).toEqual(verified(NOW + 2 * skew));
      expect(openStamp(NOW - skew - 1)).toEqual(refused('stale'));
      expect(openStamp(NOW + skew + 1)).toEqual(refused('stale'));
    }
  });

  it('reads digits without a zone in the time zone of the project', () => {
    const stamp = digits(local(NOW)).slice(0, 14);
    expect(openPlain(GUID + stamp, ECB)).toEqual(verified());
    expect(openPlain(GUID + stamp, { ...ECB, timeZone: 'UTC' })).toEqual(refused('stale'));
  });

  it('takes either reading of an hour that occurs twice, and remembers for both', () => {
    const profile = { ...ECB, timeZone: 'America/New_York' };
    const [first, second] = [Date.UTC(2026, 10, 1, 5, 30), Date.UTC(2026, 10, 1, 6, 30)];
    for (const stamp of ['20261101013000', '2026-11-01T01:30:00']) {
      const value = `${GUID}|${stamp}`;
      expect(openPlain(value, profile, first)).toEqual(verified(second + SKEW));
      expect(openPlain(value, profile, second + SKEW)).toEqual(verified(second + 2 * SKEW));
      expect(openPlain(value, profile, (first + second) / 2)).toEqual(refused('stale'));
    }
  });

  it('tells bad padding from no GUID, for the log', () => {
    const block = (text: string) => seal(ECB, text, 'hex').slice(0, 16);
    // 40 bytes: the last of the six blocks is padding alone
    const whole = seal(ECB, `${GUID}|xxx`, 'hex');
    expect(open(ECB, whole.slice(0, -16))).toEqual(refused('bad-padding'));
    expect(open(ECB, whole.slice(0, -16) + block('\u0001'.repeat(8)))).toEqual(verified());
    for (const last of [
      '\0'.repeat(8),
      `xxxxx\u0001\u0002\u0003`,
      `xxxx\u0003\u0003\u0002\u0003`,
      '\t'.repeat(8),
    ]) {
      expect(open(ECB, whole.slice(0, -16) + block(last))).toEqual(refused('bad-padding'));
    }
  });
});

describe('hmac-sha256', () => {
  const mac = (text: string) => createHmac('sha256', HMAC.key).update(text, 'latin1').digest('base64url');
  const plaintext = `${GUID}|${NOW}`;

  it('refuses a MAC that differs in any bit', () => {
    const bytes = Buffer.from(mac(plaintext), 'base64url');
    for (let bit = 0; bit < 256; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(open(HMAC, `${plaintext}.${forged.toString('hex')}`)).toEqual(refused('bad-mac'));
    }
  });

  it('refuses another plaintext under the same MAC, a truncated MAC, none', () => {
    expect(open(HMAC, `${GUID}|${NOW + 1}.${mac(plaintext)}`)).toEqual(refused('bad-mac'));
    expect(open(HMAC, `${plaintext}.${mac(plaintext).slice(0, 22)}`)).toEqual(refused('undecodable'));
    expect(open(HMAC, `${plaintext}.`)).toEqual(refused('undecodable'));
    expect(open(HMAC, plaintext)).toEqual(refused('undecodable'));
    expect(open(HMAC, mac(plaintext))).toEqual(refused('undecodable'));
  });

  it('splits at the last dot', () => {
    const dotted = `${GUID}|${new Date(NOW).toISOString()}|a.b.c`;
    expect(open(HMAC, `${dotted}.${mac(dotted)}`)).toEqual(verified());
  });

  it('takes bytes beyond ASCII as node:http gives them', () => {
    const latin1 = Buffer.from(`${GUID}|x中文`, 'utf8').toString('latin1');
    expect(open(HMAC, `${latin1}.${mac(latin1)}`)).toEqual(verified());
  });

  it('takes the "+" of an offset that became a space', () => {
    const stamped = `${GUID}|${local(NOW).slice(0, 19).replace('T', ' ')}+08:00`;
    expect(open(HMAC, `${stamped.replace('+', ' ')}.${mac(stamped)}`)).toEqual(verified());
  });
});

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

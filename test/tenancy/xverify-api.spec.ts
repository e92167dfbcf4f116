import { assert, base64String, nat, oneof, property, string, stringMatching, tuple } from 'fast-check';
import { createHmac } from 'node:crypto';
import {
  prepareProfile,
  VERIFICATION_ENCODINGS,
} from '../../src/tenancy/verification/verification-profile.js';
import { openXverifyApi, sealXverifyApi } from '../../src/tenancy/verification/xverify-api.js';
import {
  NOW,
  SKEW,
  GUID,
  ECB,
  HMAC,
  PROFILES,
  seal,
  open,
  verified,
  refused,
  local,
  anyGuid,
  anyKey,
  anyEncoding,
} from './sealed-values.js';

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
    // the decipher that all requests share still works
    expect(openXverifyApi(profile, whole, NOW)).toEqual(verified());
  });

  it('refuses a value over 1024 characters and takes one of 1024', () => {
    const filled = (n: number) => seal(base, `${GUID}|x${'y'.repeat(n)}`, 'hex');
    /** The shortest value that is not shorter. */
    const fill = (length: number): string => {
      let [low, high] = [0, 1024];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (filled(middle).length >= length) high = middle;
        else low = middle + 1;
      }
      return filled(low);
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

  it('takes hex as BitConverter prints it', () => {
    const value = seal(ECB, GUID, 'HEX').replaceAll(/..(?!$)/g, '$&-');
    expect(open(ECB, value)).toEqual(verified());
    expect(open(ECB, `${value}-`).kind).toBe('refused');
    expect(open(ECB, value.replace('-', '')).kind).toBe('refused');
  });

  it('decodes percent escapes once', () => {
    const found = find((v) => v.includes('+') && v.includes('/') && v.includes('='), 52);
    opened(found, encodeURIComponent);
    opened(found, (v) => v.replaceAll('=', '%3d'));
    expect(open(ECB, encodeURIComponent(encodeURIComponent(found.value)))).toEqual(refused('undecodable'));
    const sealed = seal(HMAC, `${GUID}|${NOW}`);
    expect(open(HMAC, encodeURIComponent(sealed))).toEqual(verified());
    expect(open(HMAC, seal(HMAC, `${GUID}|${NOW}|100%25`))).toEqual(verified());
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

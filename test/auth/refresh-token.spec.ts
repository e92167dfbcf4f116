import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { decodeBase62, encodeBase62 } from '../../src/auth/refresh-token/base62.js';
import { PepperFormatError, Peppers } from '../../src/config/pepper.js';
import {
  deriveFamilyKey,
  importedTokenHash,
  issueToken,
  MAX_BRANCH,
  MAX_GENERATION,
  newFamilyId,
  parseRefreshToken,
  verifyMac,
} from '../../src/auth/refresh-token/refresh-token.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const peppers = Peppers.parse(`b:${'b'.repeat(32)},a:${'a'.repeat(32)}`);

const familyIds = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((id) => Buffer.from(id).toString('hex'));
const secrets = fc.uint8Array({ minLength: 16, maxLength: 32 });
const ownerIds = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
const positions = fc.record({
  generation: fc.oneof(fc.integer({ min: 0, max: MAX_GENERATION }), fc.constantFrom(0, MAX_GENERATION)),
  branch: fc.integer({ min: 0, max: MAX_BRANCH }),
});
const families = fc.record({ secret: secrets, ownerId: ownerIds, familyId: familyIds });
type Family = typeof families extends fc.Arbitrary<infer F> ? F : never;

const keyOf = ({ secret, ownerId, familyId }: Family, kid = 'b'): Buffer =>
  deriveFamilyKey(peppers.get(kid)!, secret, ownerId, familyId);

/** As the service does it: the key belongs to the family that the text names. */
function verifies(text: string, family: Family, kid = 'b'): boolean {
  const token = parseRefreshToken(text);
  return token !== null && token.familyId === family.familyId && verifyMac(keyOf(family, kid), token);
}

describe('base-62', () => {
  const numbers = fc
    .uint8Array({ minLength: 24, maxLength: 24 })
    .map((bytes) => Uint8Array.from(bytes, (byte, at) => (at === 0 ? byte & 0x0f : byte)));

  it('agrees with arithmetic on big integers', () => {
    fc.assert(
      fc.property(numbers, (bytes) => {
        let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
        let text = '';
        for (let i = 0; i < 32; i++, rest /= 62n) text = ALPHABET[Number(rest % 62n)]! + text;
        expect(encodeBase62(bytes)).toBe(text);
        expect(decodeBase62(text)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('has one text for each number, and none from 2^188 on', () => {
    const last = encodeBase62(Uint8Array.from({ length: 24 }, (_, at) => (at === 0 ? 0x0f : 0xff)));
    expect(decodeBase62(last)).not.toBeNull();
    // The texts sort as the numbers do, so the next one stands for 2^188.
    let at = 31;
    while (last[at] === 'z') at--;
    const next = `${last.slice(0, at)}${ALPHABET[ALPHABET.indexOf(last[at]!) + 1]!}${'0'.repeat(31 - at)}`;
    expect(decodeBase62(next)).toBeNull();
    expect(decodeBase62('z'.repeat(32))).toBeNull();
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Za-z]{32}$/), (text) => {
        const bytes = decodeBase62(text);
        expect(bytes === null).toBe(text > last);
        if (bytes !== null) expect(encodeBase62(bytes)).toBe(text);
      }),
    );
  });

  it('refuses to write a number of more than 188 bits', () => {
    expect(() => encodeBase62(new Uint8Array(24).fill(0x10, 0, 1))).toThrow(RangeError);
    expect(() => encodeBase62(new Uint8Array(23))).toThrow(RangeError);
  });
});

describe('a refresh token', () => {
  it('comes back from its text, and is the same each time', () => {
    fc.assert(
      fc.property(families, positions, (family, position) => {
        const text = issueToken(keyOf(family), family.familyId, position);
        expect(text).toMatch(/^[0-9A-Za-z]{32}$/);
        expect(parseRefreshToken(text)).toMatchObject({ familyId: family.familyId, ...position });
        expect(verifies(text, family)).toBe(true);
        expect(issueToken(keyOf(family), family.familyId, position)).toBe(text);
      }),
    );
  });

  it('does not verify with any other character anywhere', () => {
    const family = { secret: randomBytes(32), ownerId: 'acme', familyId: newFamilyId() };
    const text = issueToken(keyOf(family), family.familyId, { generation: 5, branch: 1 });
    const changed = [];
    for (let at = 0; at < 32; at++) {
      for (const char of `${ALPHABET} +/=-_%\0\n\u00e9\uff21`) {
        if (char !== text[at]) changed.push(text.slice(0, at) + char + text.slice(at + 1));
      }
    }
    expect(changed.filter((other) => verifies(other, family))).toEqual([]);
  });

  it('does not verify cut, padded, doubled or with its case turned', () => {
    fc.assert(
      fc.property(families, positions, fc.nat(31), (family, position, at) => {
        const text = issueToken(keyOf(family), family.familyId, position);
        const flipped = Array.from(text).map((char) =>
          char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase(),
        );
        const others = [
          text.slice(0, at),
          text.slice(at + 1),
          `${text} `,
          ` ${text}`,
          `${text}=`,
          `0${text}`,
          `${text}0`,
          `${text}\0`,
          `${text}\n`,
          text + text,
          text.toLowerCase(),
          text.toUpperCase(),
          flipped.join(''),
          text.slice(0, at) + flipped[at]! + text.slice(at + 1),
          text.slice(1) + text[0]!,
        ];
        for (const other of others) {
          if (other !== text) expect(verifies(other, family)).toBe(false);
        }
      }),
    );
  });

  it('is good in its own family, project and pepper, and at its own position, alone', () => {
    fc.assert(
      fc.property(families, families, positions, positions, (family, other, position, elsewhere) => {
        const text = issueToken(keyOf(family), family.familyId, position);
        const token = parseRefreshToken(text)!;
        fc.pre(other.ownerId !== family.ownerId && other.familyId !== family.familyId);
        expect(verifyMac(keyOf({ ...family, ownerId: other.ownerId }), token)).toBe(false);
        expect(verifyMac(keyOf({ ...family, familyId: other.familyId }), token)).toBe(false);
        expect(verifies(text, family, 'a')).toBe(false);
        if (Buffer.compare(family.secret, other.secret) !== 0) {
          expect(verifyMac(keyOf({ ...family, secret: other.secret }), token)).toBe(false);
        }
        if (elsewhere.generation !== position.generation || elsewhere.branch !== position.branch) {
          expect(verifyMac(keyOf(family), { ...token, ...elsewhere })).toBe(false);
        }
      }),
    );
  });

  it('keeps the parts of its key apart', () => {
    const pepper = peppers.current.key;
    const familyId = newFamilyId();
    const one = deriveFamilyKey(pepper, Buffer.from('ab'), 'c', familyId);
    const two = deriveFamilyKey(pepper, Buffer.from('a'), 'bc', familyId);
    expect(one.equals(two)).toBe(false);
    expect(one).toHaveLength(32);
  });

  it('is refused for any other text without a throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 64 }), (text) => {
        if (!/^[0-9A-Za-z]{32}$/.test(text)) expect(parseRefreshToken(text)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Za-z]{32}$/), families, (text, family) => {
        const token = parseRefreshToken(text);
        if (token === null) return;
        expect(token.familyId).toMatch(/^[0-9a-f]{16}$/);
        expect(verifies(text, family)).toBe(false);
        expect(verifyMac(keyOf({ ...family, familyId: token.familyId }), token)).toBe(false);
      }),
    );
  });

  it('is not issued outside its format', () => {
    const key = randomBytes(32);
    for (const familyId of ['', '0123456789abcde', '0123456789ABCDEF', '0123456789abcdef0']) {
      expect(() => issueToken(key, familyId, { generation: 0, branch: 0 })).toThrow(RangeError);
    }
    for (const [generation, branch] of [
      [-1, 0],
      [MAX_GENERATION + 1, 0],
      [0.5, 0],
      [0, -1],
      [0, MAX_BRANCH + 1],
      [Number.NaN, 0],
    ] as const) {
      expect(() => issueToken(key, newFamilyId(), { generation, branch })).toThrow(RangeError);
    }
  });

  it('from elsewhere is found by the SHA-256 of its text', () => {
    expect(importedTokenHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('TOKEN_PEPPER', () => {
  it('may be one secret, whose id is 0', () => {
    const secret = 'c2VjcmV0LXdpdGgtcGx1cw+/=='.padEnd(32, 'x');
    const one = Peppers.parse(secret);
    expect(one.current.id).toBe('0');
    expect(one.current.key.export()).toEqual(Buffer.from(secret));
    expect(one.get('0')).toBe(one.current.key);
    expect(one.shortestBytes).toBe(32);
  });

  it('may be a list, of which the first is current', () => {
    const list = Peppers.parse('2026_b:new-secret,0:old');
    expect(list.current.id).toBe('2026_b');
    expect(list.get('0')?.export()).toEqual(Buffer.from('old'));
    expect(list.get('1')).toBeUndefined();
    expect(list.get('__proto__')).toBeUndefined();
    expect(list.shortestBytes).toBe(3);
  });

  it('keeps a family verifying when a new pepper is put in front', () => {
    const before = Peppers.parse('S');
    const after = Peppers.parse('new:S2,0:S');
    const family = { secret: randomBytes(32), familyId: newFamilyId() };
    const text = issueToken(
      deriveFamilyKey(before.current.key, family.secret, 'acme', family.familyId),
      family.familyId,
      { generation: 3, branch: 0 },
    );
    const token = parseRefreshToken(text)!;
    const keyUnder = (kid: string): Buffer =>
      deriveFamilyKey(after.get(kid)!, family.secret, 'acme', family.familyId);
    expect(verifyMac(keyUnder('0'), token)).toBe(true);
    expect(verifyMac(keyUnder('new'), token)).toBe(false);
  });

  it.each([
    ['', 'empty'],
    ['with space', 'visible ASCII'],
    ['newline\n', 'visible ASCII'],
    ['sécret', 'visible ASCII'],
    ['a:', 'entry 1'],
    [':hunter2', 'entry 1: the id'],
    ['a:hunter2,hunter2', 'entry 2 must be id:secret'],
    ['a:hunter2,', 'entry 2 must be id:secret'],
    ['hunter2,hunter2', 'entry 1 must be id:secret'],
    ['a:hunter2:hunter2', 'more than one ":"'],
    ['seventeen-letters:hunter2', 'entry 1: the id'],
    ['a b:hunter2', 'entry 1: the id'],
    ['a:hunter2, b:hunter2', 'entry 2: the id'],
    ['a:hunter2,a:hunter3', 'same id'],
  ])('is refused as %j without being repeated', (text, reason) => {
    const parse = (): Peppers => Peppers.parse(text);
    expect(parse).toThrow(PepperFormatError);
    expect(parse).toThrow(reason);
    expect(parse).not.toThrow(/hunter|space\b|newline/);
  });

  it('never shows its secrets', () => {
    const list = Peppers.parse('new:hunter2,old:hunter3');
    const shown = [
      inspect(list, { showHidden: true, depth: 9 }),
      inspect(list.current, { showHidden: true, depth: 9 }),
      JSON.stringify(list),
      JSON.stringify(list.current),
    ].join();
    expect(shown).not.toMatch(/hunter|68756e746572/);
    expect(JSON.stringify(list)).toBe('{"ids":["new","old"]}');
  });
});

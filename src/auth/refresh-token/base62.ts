/**
 * Fixed-width base-62: 24 bytes (a big-endian number below 2^188, so the top four bits are zero) as exactly 32
 * characters of `0-9A-Za-z`, and back. 62^32 is about 2^190.5, so every such number has exactly one text; the texts of
 * larger numbers are refused.
 *
 * Limbs of 24 bits and groups of four digits: every intermediate result stays below 62^4 * 2^24 < 2^48, exact in a
 * double. Below 1 µs each way, where BigInt takes several, and every refresh needs it. Not a package: those encode byte
 * strings of any length, to texts of varying length.
 */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHARS = 32;
const BYTES = 24;
const GROUP = 4;
const GROUP_RADIX = 62 ** GROUP;
const LIMBS = BYTES / 3;
const LIMB_RADIX = 2 ** 24;
/** The first limb holds 188 - 7 * 24 = 20 bits. */
const TOP_LIMB_END = 2 ** 20;

const NO_LIMBS: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0];

const NOT_A_DIGIT = 255;
const VALUE_OF = new Uint8Array(128).fill(NOT_A_DIGIT);
for (let value = 0; value < DIGITS.length; value++) VALUE_OF[DIGITS.charCodeAt(value)] = value;

/** @param bytes 24 bytes whose top four bits are zero. @returns 32 characters. */
export function encodeBase62(bytes: Uint8Array): string {
  if (bytes.length !== BYTES || bytes[0]! > 0x0f) throw new RangeError('Not a 188-bit number in 24 bytes');
  const limbs = NO_LIMBS.slice();
  for (let i = 0, at = 0; i < LIMBS; i++, at += 3) {
    limbs[i] = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  }
  let text = '';
  for (let group = 0; group < CHARS / GROUP; group++) {
    let remainder = 0;
    for (let i = 0; i < LIMBS; i++) {
      const dividend = remainder * LIMB_RADIX + limbs[i]!;
      const quotient = Math.floor(dividend / GROUP_RADIX);
      limbs[i] = quotient;
      remainder = dividend - quotient * GROUP_RADIX;
    }
    let digits = '';
    for (let i = 0; i < GROUP; i++) {
      digits = DIGITS[remainder % 62]! + digits;
      remainder = Math.floor(remainder / 62);
    }
    text = digits + text;
  }
  return text;
}

/** @returns the 24 bytes, or `null` for any text that {@link encodeBase62} does not write. */
export function decodeBase62(text: string): Buffer | null {
  if (text.length !== CHARS) return null;
  const limbs = NO_LIMBS.slice();
  for (let at = 0; at < CHARS; at += GROUP) {
    let carry = 0;
    for (let i = at; i < at + GROUP; i++) {
      const code = text.charCodeAt(i);
      const value = code < 128 ? VALUE_OF[code]! : NOT_A_DIGIT;
      if (value === NOT_A_DIGIT) return null;
      carry = carry * 62 + value;
    }
    for (let i = LIMBS - 1; i >= 0; i--) {
      const product = limbs[i]! * GROUP_RADIX + carry;
      carry = Math.floor(product / LIMB_RADIX);
      limbs[i] = product - carry * LIMB_RADIX;
    }
  }
  // A carry beyond the last limb is not lost: 62^32 < 2^192.
  if (limbs[0]! >= TOP_LIMB_END) return null;
  const bytes = Buffer.allocUnsafe(BYTES);
  for (let i = 0, at = 0; i < LIMBS; i++, at += 3) bytes.writeUIntBE(limbs[i]!, at, 3);
  return bytes;
}

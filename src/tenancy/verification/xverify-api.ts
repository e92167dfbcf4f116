import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { PreparedDesProfile, PreparedHmacProfile, PreparedProfile } from './verification-profile.js';
import { readStamp } from './verification-stamp.js';

/**
 * Why a value was refused: for the log alone. Towards the caller all are one and the same, else the endpoint would be a
 * padding oracle.
 */
export type XverifyApiRefusal =
  'too-long' | 'undecodable' | 'bad-padding' | 'bad-mac' | 'no-guid' | 'stamp-missing' | 'stale';

export type XverifyApiVerdict =
  | {
      kind: 'verified';
      /** 32 lower-case hex digits, however it was written. */
      guid: string;
      /** Until when (inclusive, ms since the epoch) the GUID must be remembered for a replay to be noticed. */
      expiresAt: number;
    }
  | { kind: 'refused'; reason: XverifyApiRefusal };

/** The longest value that is looked at, in characters. A GUID with stamp takes some 80. */
const VALUE_MAX = 1024;
const BLOCK = 8;
const MAC_BYTES = 32;

const HEX = /^(?:[0-9A-Fa-f]{2})+$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const GUID = /[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/y;
const SEPARATORS = '|&,_#;:@-';

const refused = (reason: XverifyApiRefusal): XverifyApiVerdict => ({ kind: 'refused', reason });

/** Base64 in either alphabet, its padding present or missing; `null` for anything else. */
function fromBase64(text: string): Buffer | null {
  if (!BASE64.test(text)) return null;
  if (text.endsWith('=') ? text.length % 4 !== 0 : text.length % 4 === 1) return null;
  return Buffer.from(text, 'base64');
}

/** What a value can stand for, best reading first; the first is nearly always the one. */
const READINGS: readonly ((value: string) => Buffer | null)[] = [
  (value) => (HEX.test(value) ? Buffer.from(value, 'hex') : null),
  (value) => fromBase64(plussed(value)),
  (value) => fromBase64(`+${plussed(value)}`),
  (value) => fromBase64(`${plussed(value)}+`),
];

/** A form decoder turns '+' into a space, and HTTP then strips the spaces at either end. */
function plussed(value: string): string {
  return value.includes(' ') ? value.replaceAll(' ', '+') : value;
}

/**
 * How many bytes of PKCS#7 padding the last block ends in; 0 when it ends in none. Never branches on a byte's value.
 *
 * @see RFC 5652 §6.3
 */
function paddingLength(plain: Buffer): number {
  const last = plain.length - 1;
  const claimed = plain[last] ?? 0;
  let wrong = Number(claimed < 1) | Number(claimed > BLOCK);
  for (let i = 0; i < BLOCK; i++) wrong |= Number(i < claimed) & Number(plain[last - i] !== claimed);
  return claimed * (1 - wrong);
}

function decrypt({ blocks, iv }: PreparedDesProfile, ciphertext: Buffer): Buffer {
  // ECB without padding keeps nothing from one block to the next, so one decipher serves every request: 2 µs, where
  // making one takes 6. CBC is the same, with each block XORed with the ciphertext before it.
  const plain = blocks.update(ciphertext);
  if (iv === null) return plain;
  for (let i = 0; i < plain.length; i++) {
    plain[i] = (plain[i] ?? 0) ^ ((i < BLOCK ? iv[i] : ciphertext[i - BLOCK]) ?? 0);
  }
  return plain;
}

/** GUID, perhaps a separator, perhaps a stamp, perhaps anything else. */
function judgePlaintext(profile: PreparedProfile, plaintext: string, now: number): XverifyApiVerdict {
  const braced = plaintext.startsWith('{');
  GUID.lastIndex = braced ? 1 : 0;
  const found = GUID.exec(plaintext)?.[0];
  if (found === undefined || (braced && plaintext[found.length + 1] !== '}')) return refused('no-guid');
  const guid = found.replaceAll('-', '').toLowerCase();
  const end = found.length + (braced ? 2 : 0);
  const separated = end < plaintext.length && SEPARATORS.includes(plaintext.charAt(end));
  const stamps = readStamp(plaintext, separated ? end + 1 : end, profile.zone);
  const { skewMs, stampRequired } = profile;
  if (stamps.length === 0) {
    if (stampRequired) return refused('stamp-missing');
    return { kind: 'verified', guid, expiresAt: now + skewMs };
  }
  if (!stamps.some((stamp) => Math.abs(now - stamp) <= skewMs)) return refused('stale');
  // a local time that occurs twice is fresh twice: remembered until its second occurrence has passed as well
  return { kind: 'verified', guid, expiresAt: Math.max(now, ...stamps) + skewMs };
}

function openDes(profile: PreparedDesProfile, value: string, now: number): XverifyApiVerdict {
  let verdict = refused('undecodable');
  for (const read of READINGS) {
    const ciphertext = read(value);
    // whole cipher blocks only
    if (ciphertext === null || ciphertext.length === 0 || ciphertext.length % BLOCK !== 0) continue;
    const plain = decrypt(profile, ciphertext);
    const padding = paddingLength(plain);
    // read before the padding is judged: bad padding shall not be the quicker refusal
    const opened = judgePlaintext(profile, plain.toString('latin1', 0, plain.length - padding), now);
    verdict = padding === 0 ? refused('bad-padding') : opened;
    if (verdict.kind === 'verified' || (verdict.reason !== 'bad-padding' && verdict.reason !== 'no-guid'))
      break;
  }
  return verdict;
}

function macOf(profile: PreparedHmacProfile, plaintext: string): Buffer {
  return createHmac('sha256', profile.key).update(plaintext, 'latin1').digest();
}

function openHmac(profile: PreparedHmacProfile, value: string, now: number): XverifyApiVerdict {
  const dot = value.lastIndexOf('.');
  const macText = value.slice(dot + 1);
  const mac =
    macText.length === 2 * MAC_BYTES && HEX.test(macText)
      ? Buffer.from(macText, 'hex')
      : fromBase64(macText.replaceAll(' ', '+'));
  if (dot < 0 || mac === null || mac.length !== MAC_BYTES) return refused('undecodable');
  const plaintext = value.slice(0, dot);
  if (timingSafeEqual(mac, macOf(profile, plaintext))) return judgePlaintext(profile, plaintext, now);
  // the offset of an ISO stamp is the one place where a '+' that became a space can hide
  const restored = plaintext.replace(/ (\d\d:?(?:\d\d)?)$/, '+$1');
  if (restored === plaintext || !timingSafeEqual(mac, macOf(profile, restored))) return refused('bad-mac');
  return judgePlaintext(profile, restored, now);
}

/**
 * Judges the value of an `XverifyApi` header. Never throws, whatever the value is.
 *
 * `des-ecb`, `des-cbc`: the encrypted plaintext in Base64 (also with spaces for `+`, also with a `+` lost at either
 * end, also without `=`), Base64url or hex. `hmac-sha256`: `<plaintext>.<mac>`, the MAC over the plaintext's bytes, in
 * any of these encodings. The plaintext is a GUID (dashed or not, any case, braces allowed), then if wanted one of
 * `| & , _ # ; : @ -`, a time stamp ({@link readStamp}) and anything else.
 *
 * ECB and CBC keep no one from rearranging the blocks of values they have seen: this proves knowledge of the key to
 * the degree that the legacy ciphers can, and `hmac-sha256` proves it.
 *
 * @param value the header as node:http gives it, one character a byte
 * @param now ms since the epoch; a stamp exactly `skewSeconds` away is still fresh
 */
export function openXverifyApi(profile: PreparedProfile, value: string, now: number): XverifyApiVerdict {
  if (value.length > VALUE_MAX) return refused('too-long');
  // node:http never gives such a character, and latin1 would fold it on to another one
  if (/[\u0100-\uffff]/.test(value)) return refused('undecodable');
  return profile.cipher === 'hmac-sha256' ? openHmac(profile, value, now) : openDes(profile, value, now);
}

/**
 * Makes the value of an `XverifyApi` header as the project's callers make it, in the profile's encoding:
 * `<guid>|<stamp>`, or the GUID alone.
 *
 * @param stamp ms since the epoch (13 digits, so from September 2001 on)
 */
export function sealXverifyApi(profile: PreparedProfile, guid: string, stamp: number | null = null): string {
  const plaintext = stamp === null ? guid : `${guid}|${stamp}`;
  if (profile.cipher === 'hmac-sha256') {
    return `${plaintext}.${macOf(profile, plaintext).toString(profile.encoding)}`;
  }
  const algorithm = profile.cipher === 'des-cbc' ? 'des-ede3-cbc' : 'des-ede3-ecb';
  const cipher = createCipheriv(algorithm, profile.key, profile.iv);
  return cipher.update(plaintext, 'latin1', profile.encoding) + cipher.final(profile.encoding);
}

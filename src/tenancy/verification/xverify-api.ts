import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { PreparedDesProfile, PreparedHmacProfile, PreparedProfile } from './verification-profile.js';
import { readStamp } from './verification-stamp.js';

/** Why a value was refused. Log it, never return it: telling the caller would create a padding oracle. */
export type XverifyApiRefusal =
  'too-long' | 'undecodable' | 'bad-padding' | 'bad-mac' | 'no-guid' | 'stamp-missing' | 'stale';

export type XverifyApiVerdict =
  | {
      kind: 'verified';
      /** Normalised to 32 lower-case hex digits. */
      guid: string;
      /** How long to store the GUID for replay detection (inclusive, ms since the epoch). */
      expiresAt: number;
    }
  | { kind: 'refused'; reason: XverifyApiRefusal };

/** Longer values are refused, in characters. A GUID with a stamp takes about 80. */
const VALUE_MAX = 1024;
const BLOCK = 8;
const MAC_BYTES = 32;

const HEX = /^(?:[0-9A-Fa-f]{2})+$/;
/** As .NET's `BitConverter` prints bytes. */
const DASHED_HEX = /^[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2})+$/;
const ESCAPED = /%[0-9A-Fa-f]{2}/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const GUID = /[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/y;
const SEPARATORS = '|&,_#;:@-';

const refused = (reason: XverifyApiRefusal): XverifyApiVerdict => ({ kind: 'refused', reason });

/** Decodes Base64 or Base64url, with or without padding; `null` for anything else. */
function fromBase64(text: string): Buffer | null {
  if (!BASE64.test(text)) return null;
  if (text.endsWith('=') ? text.length % 4 !== 0 : text.length % 4 === 1) return null;
  return Buffer.from(text, 'base64');
}

/** Possible decodings of a value, most likely first. */
const READINGS: readonly ((value: string) => Buffer | null)[] = [
  (value) => (HEX.test(value) ? Buffer.from(value, 'hex') : null),
  (value) => (DASHED_HEX.test(value) ? Buffer.from(value.replaceAll('-', ''), 'hex') : null),
  (value) => fromBase64(plussed(value)),
  (value) => fromBase64(`+${plussed(value)}`),
  (value) => fromBase64(`${plussed(value)}+`),
];

/** Restores '+': form decoders turn it into a space, and HTTP strips spaces at both ends. */
function plussed(value: string): string {
  return value.includes(' ') ? value.replaceAll(' ', '+') : value;
}

/**
 * Length of the PKCS#7 padding in bytes, 0 if it is invalid. Never branches on the value of a byte (constant time).
 *
 * @see RFC 5652 §6.3
 */
function pkcs7Length(plain: Buffer): number {
  const last = plain.length - 1;
  const claimed = plain[last] ?? 0;
  let wrong = Number(claimed < 1) | Number(claimed > BLOCK);
  for (let i = 0; i < BLOCK; i++) wrong |= Number(i < claimed) & Number(plain[last - i] !== claimed);
  return claimed * (1 - wrong);
}

function decrypt({ blocks, iv }: PreparedDesProfile, ciphertext: Buffer): Buffer {
  // ECB without padding has no state between blocks, so one decipher serves every request: 2 µs instead of 6 µs for a
  // new one. CBC is ECB with each block XORed with the previous ciphertext block.
  const plain = blocks.update(ciphertext);
  if (iv === null) return plain;
  for (let i = 0; i < plain.length; i++) {
    plain[i] = (plain[i] ?? 0) ^ ((i < BLOCK ? iv[i] : ciphertext[i - BLOCK]) ?? 0);
  }
  return plain;
}

/** Format: GUID, optional separator, optional stamp, then anything. */
function checkPlaintext(profile: PreparedProfile, plaintext: string, now: number): XverifyApiVerdict {
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
  // a local time that occurs twice is fresh twice: store the GUID until the second occurrence expires
  return { kind: 'verified', guid, expiresAt: Math.max(now, ...stamps) + skewMs };
}

function openDes(profile: PreparedDesProfile, value: string, now: number): XverifyApiVerdict {
  let verdict = refused('undecodable');
  for (const read of READINGS) {
    const ciphertext = read(value);
    // whole cipher blocks only
    if (ciphertext === null || ciphertext.length === 0 || ciphertext.length % BLOCK !== 0) continue;
    const plain = decrypt(profile, ciphertext);
    // The zeros cannot be separated from the text, after which anything may follow.
    const padding = profile.padding === 'zeros' ? 0 : pkcs7Length(plain);
    // check the plaintext even if the padding is bad: a faster refusal would reveal bad padding
    const opened = checkPlaintext(profile, plain.toString('latin1', 0, plain.length - padding), now);
    verdict = padding === 0 && profile.padding === 'pkcs7' ? refused('bad-padding') : opened;
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
  if (timingSafeEqual(mac, macOf(profile, plaintext))) return checkPlaintext(profile, plaintext, now);
  // only the offset of an ISO stamp can contain a '+' that a decoder turned into a space
  const restored = plaintext.replace(/ (\d\d:?(?:\d\d)?)$/, '+$1');
  if (restored === plaintext || !timingSafeEqual(mac, macOf(profile, restored))) return refused('bad-mac');
  return checkPlaintext(profile, restored, now);
}

/**
 * Verifies the value of an `XverifyApi` header. Never throws.
 *
 * DES and triple DES: the encrypted plaintext in Base64 (also with spaces for `+`, a `+` lost at either end, or without
 * `=`), Base64url or hex (also with dashes between the bytes). `hmac-sha256`: `<plaintext>.<mac>` with the MAC in any of
 * these encodings. Percent escapes are decoded once. The plaintext is a GUID (with or without dashes and braces, any
 * case), then optionally one of `| & , _ # ; : @ -`, a time stamp ({@link readStamp}) and anything else.
 *
 * ECB and CBC do not protect integrity: an attacker can rearrange blocks of values that they have seen. Only
 * `hmac-sha256` proves knowledge of the key.
 *
 * @param value the header from node:http, one character a byte
 * @param now ms since the epoch; a stamp exactly `skewSeconds` away is still fresh
 */
export function openXverifyApi(profile: PreparedProfile, value: string, now: number): XverifyApiVerdict {
  if (value.length > VALUE_MAX) return refused('too-long');
  // node:http never produces such characters, and latin1 would map them to other ones
  if (/[\u0100-\uffff]/.test(value)) return refused('undecodable');
  const verdict = openText(profile, value, now);
  if (verdict.kind === 'verified' || !ESCAPED.test(value)) return verdict;
  // An escape that was signed as it is has been verified above.
  if (verdict.reason !== 'undecodable' && verdict.reason !== 'bad-mac') return verdict;
  return openText(profile, unescaped(value), now);
}

function openText(profile: PreparedProfile, value: string, now: number): XverifyApiVerdict {
  return profile.cipher === 'hmac-sha256' ? openHmac(profile, value, now) : openDes(profile, value, now);
}

/** Decodes percent escapes once, byte by byte: the value has one character a byte. */
function unescaped(value: string): string {
  return value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/**
 * Creates an `XverifyApi` value as callers of the project do, in the profile's encoding: `<guid>|<stamp>`, or only the
 * GUID.
 *
 * @param stamp ms since the epoch (13 digits, so from September 2001 on)
 */
export function sealXverifyApi(profile: PreparedProfile, guid: string, stamp: number | null = null): string {
  const plaintext = stamp === null ? guid : `${guid}|${stamp}`;
  if (profile.cipher === 'hmac-sha256') {
    return `${plaintext}.${macOf(profile, plaintext).toString(profile.encoding)}`;
  }
  const algorithm = profile.iv === null ? 'des-ede3-ecb' : 'des-ede3-cbc';
  const cipher = createCipheriv(algorithm, profile.key, profile.iv);
  const isZeros = profile.padding === 'zeros';
  const text = isZeros ? withZeros(plaintext) : plaintext;
  cipher.setAutoPadding(!isZeros);
  return cipher.update(text, 'latin1', profile.encoding) + cipher.final(profile.encoding);
}

function withZeros(text: string): string {
  return text.padEnd(Math.ceil(text.length / BLOCK) * BLOCK, '\0');
}

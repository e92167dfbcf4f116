import CryptoJS from 'crypto-js';
import { constantFrom, string, stringMatching, tuple } from 'fast-check';
import {
  prepareProfile,
  type VerificationProfile,
} from '../../src/tenancy/verification/verification-profile.js';
import { openXverifyApi } from '../../src/tenancy/verification/xverify-api.js';

export const NOW = Date.UTC(2026, 10, 23, 9, 0, 0);
export const SKEW = 300_000;
export const GUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
export const PLAIN_GUID = GUID.replaceAll('-', '');

export const ECB: VerificationProfile = {
  cipher: 'des-ecb',
  key: 'ptdev-58',
  iv: null,
  encoding: 'base64',
  skewSeconds: 300,
  stampRequired: false,
  timeZone: 'Asia/Shanghai',
};

export const CBC: VerificationProfile = { ...ECB, cipher: 'des-cbc', iv: 'vector-8' };
export const HMAC: VerificationProfile = { ...ECB, cipher: 'hmac-sha256', key: 'sixteen bytes or more' };
export const PROFILES = [ECB, CBC, HMAC];

/** What a caller's page does, with crypto-js only; the HMAC with node:crypto, since our code is under test. */
export function seal(
  { cipher, key, iv }: VerificationProfile,
  plaintext: string,
  encoding = 'base64',
): string {
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

export const open = (profile: VerificationProfile, value: string, now = NOW) =>
  openXverifyApi(prepareProfile(profile), value, now);

export const openPlain = (plaintext: string, profile = ECB, now = NOW) =>
  open(profile, seal(profile, plaintext), now);

export const verified = (expiresAt = NOW + SKEW) => ({ kind: 'verified', guid: PLAIN_GUID, expiresAt });
export const refused = (reason: string) => ({ kind: 'refused', reason });
export const local = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().replace('Z', '');
export const digits = (iso: string): string => iso.replaceAll(/\D/g, '');
const anyHex = stringMatching(/^[0-9a-fA-F]{32}$/);

export const anyGuid = tuple(anyHex, constantFrom('plain', 'dashed', 'braced', 'both')).map(
  ([hex, form]): [string, string] => {
    const dashed = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const body = form === 'dashed' || form === 'both' ? dashed : hex;
    return [form === 'braced' || form === 'both' ? `{${body}}` : body, hex.toLowerCase()];
  },
);

export const anyKey = string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
export const anyEncoding = constantFrom('base64', 'base64url', 'hex', 'HEX', 'unpadded', 'spaces');

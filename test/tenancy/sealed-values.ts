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
  padding: 'pkcs7',
  encoding: 'base64',
  skewSeconds: 300,
  stampRequired: false,
  timeZone: 'Asia/Shanghai',
};

export const CBC: VerificationProfile = { ...ECB, cipher: 'des-cbc', iv: 'vector-8' };
export const EDE3: VerificationProfile = { ...ECB, cipher: 'des-ede3-ecb', key: '24 bytes for triple DES!' };
export const HMAC: VerificationProfile = { ...ECB, cipher: 'hmac-sha256', key: 'sixteen bytes or more' };
export const PROFILES = [ECB, CBC, HMAC];

/** What a caller's page does, with crypto-js only; the HMAC with node:crypto, since our code is under test. */
export function seal(
  { cipher, key, iv, padding }: VerificationProfile,
  plaintext: string,
  encoding = 'base64',
): string {
  const utf8 = CryptoJS.enc.Utf8;
  if (cipher === 'hmac-sha256') {
    const mac = CryptoJS.HmacSHA256(utf8.parse(plaintext), words(key));
    return `${plaintext}.${encode(mac, encoding)}`;
  }
  const { DES, TripleDES, mode, pad } = CryptoJS;
  const options = {
    padding: padding === 'zeros' ? pad.ZeroPadding : pad.Pkcs7,
    ...(cipher.endsWith('ecb') ? { mode: mode.ECB } : { mode: mode.CBC, iv: words(iv ?? '') }),
  };
  const algorithm = cipher.startsWith('des-ede3') ? TripleDES : DES;
  return encode(algorithm.encrypt(utf8.parse(plaintext), words(key), options).ciphertext, encoding);
}

/** A key or an IV as a client's page writes it: from text, hex or Base64. */
function words(secret: string): CryptoJS.lib.WordArray {
  const { Hex, Base64, Utf8 } = CryptoJS.enc;
  if (secret.startsWith('hex:')) return Hex.parse(secret.slice(4));
  return secret.startsWith('base64:') ? Base64.parse(secret.slice(7)) : Utf8.parse(secret);
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

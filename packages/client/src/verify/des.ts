import CryptoJS from 'crypto-js/core.js';
import 'crypto-js/tripledes.js';
import 'crypto-js/mode-ecb.js';
import 'crypto-js/pad-zeropadding.js';
import type { Verify } from '../service.js';
import { newGuid } from './guid.js';

export interface DesOptions {
  /** Default `des-ecb`. */
  readonly cipher?: 'des-ecb' | 'des-cbc' | 'des-ede3-ecb' | 'des-ede3-cbc';
  /** For the CBC ciphers; written like the key. */
  readonly iv?: string;
  /** Default `pkcs7`. */
  readonly padding?: 'pkcs7' | 'zeros';
  /** Default `base64`. */
  readonly encoding?: 'base64' | 'hex';
}

/**
 * `XverifyApi` as the document has it: `encryptByDES(newGuid())`, with a time stamp after the GUID.
 *
 * @param key text, or bytes written `hex:1234…` or `base64:…`; filled with zeros or cut off at the cipher's length
 */
export function desVerify(key: string, options: DesOptions = {}): Verify {
  const { cipher = 'des-ecb', iv = '', padding = 'pkcs7', encoding = 'base64' } = options;
  const isTriple = cipher.startsWith('des-ede3');
  const algorithm = isTriple ? CryptoJS.TripleDES : CryptoJS.DES;
  const keyWords = isTriple ? tripleKey(key) : bytes(key, 8);
  const settings = {
    iv: bytes(iv, 8),
    mode: cipher.endsWith('ecb') ? CryptoJS.mode.ECB : CryptoJS.mode.CBC,
    padding: padding === 'zeros' ? CryptoJS.pad.ZeroPadding : CryptoJS.pad.Pkcs7,
  };
  return (now) => {
    const { ciphertext } = algorithm.encrypt(`${newGuid()}|${now}`, keyWords, settings);
    return ciphertext.toString(encoding === 'hex' ? CryptoJS.enc.Hex : CryptoJS.enc.Base64);
  };
}

function bytes(text: string, length: number): CryptoJS.lib.WordArray {
  const { Hex } = CryptoJS.enc;
  const hex = hexOf(text);
  return Hex.parse(hex.padEnd(2 * length, '0').slice(0, 2 * length));
}

/** A key of 8 bytes is used three times, one of 16 has its first 8 again at the end. */
function tripleKey(text: string): CryptoJS.lib.WordArray {
  const hex = hexOf(text);
  return hex.length === 16 || hex.length === 32
    ? CryptoJS.enc.Hex.parse((hex + hex + hex).slice(0, 48))
    : bytes(text, 24);
}

function hexOf(text: string): string {
  const [, form, rest = ''] = /^(hex|base64):(.*)/.exec(text) ?? [];
  const { Hex, Base64, Utf8 } = CryptoJS.enc;
  if (form) return Hex.stringify((form === 'hex' ? Hex : Base64).parse(rest));
  return Hex.stringify(Utf8.parse(text));
}

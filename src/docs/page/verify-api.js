/* global CryptoJS */

/**
 * How callers of a project build their XverifyApi header.
 *
 * @typedef {object} Profile
 * @property {'des-ecb' | 'des-cbc' | 'des-ede3-ecb' | 'des-ede3-cbc' | 'hmac-sha256'} cipher
 * @property {string} key text, or bytes as `hex:…` or `base64:…`
 * @property {string | null} iv
 * @property {'pkcs7' | 'zeros'} padding
 * @property {'base64' | 'base64url' | 'hex'} encoding
 */

/**
 * Creates a new XverifyApi value in the browser with crypto-js: encryptByDES(newGuid()), or its HMAC successor.
 *
 * @param {Profile} profile
 * @param {number} now ms since the epoch on the server's clock
 */
export function sealVerifyApi({ cipher, key, iv, padding, encoding }, now) {
  const plaintext = `${newGuid()}|${now}`;
  if (cipher === 'hmac-sha256') {
    return `${plaintext}.${encoded(CryptoJS.HmacSHA256(plaintext, parsed(key)), encoding)}`;
  }
  const { DES, TripleDES, mode, pad } = CryptoJS;
  const isTriple = cipher.startsWith('des-ede3');
  const isCbc = cipher.endsWith('-cbc');
  const sealed = (isTriple ? TripleDES : DES).encrypt(plaintext, isTriple ? tripleKey(key) : fitted(key, 8), {
    mode: isCbc ? mode.CBC : mode.ECB,
    padding: padding === 'zeros' ? pad.ZeroPadding : pad.Pkcs7,
    ...(isCbc && { iv: fitted(iv ?? '', 8) }),
  });
  return encoded(sealed.ciphertext, encoding);
}

/** The bytes of a key or an IV. */
function parsed(secret) {
  const { Base64, Hex, Utf8 } = CryptoJS.enc;
  if (secret.startsWith('hex:')) return Hex.parse(secret.slice(4));
  return secret.startsWith('base64:') ? Base64.parse(secret.slice(7)) : Utf8.parse(secret);
}

/** Zero-padded or truncated to this many bytes. */
function fitted(secret, bytes) {
  const hex = CryptoJS.enc.Hex.stringify(parsed(secret));
  return CryptoJS.enc.Hex.parse(hex.padEnd(2 * bytes, '0').slice(0, 2 * bytes));
}

/** crypto-js itself repeats a key of 8 or 16 bytes. */
function tripleKey(key) {
  const bytes = parsed(key);
  return bytes.sigBytes === 8 || bytes.sigBytes === 16 ? bytes : fitted(key, 24);
}

function encoded(words, encoding) {
  if (encoding === 'hex') return CryptoJS.enc.Hex.stringify(words);
  const base64 = CryptoJS.enc.Base64.stringify(words);
  return encoding === 'base64' ? base64 : base64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** A random version 4 UUID (RFC 9562). crypto.randomUUID() exists only over https and on localhost. */
function newGuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/* global CryptoJS */

/**
 * How callers of a project build their XverifyApi header.
 *
 * @typedef {object} Profile
 * @property {'des-ecb' | 'des-cbc' | 'hmac-sha256'} cipher
 * @property {string} key
 * @property {string | null} iv
 * @property {'base64' | 'base64url' | 'hex'} encoding
 */

/**
 * Creates a new XverifyApi value in the browser with crypto-js: encryptByDES(newGuid()), or its HMAC successor.
 *
 * @param {Profile} profile
 * @param {number} now ms since the epoch on the server's clock
 */
export function sealVerifyApi({ cipher, key, iv, encoding }, now) {
  const plaintext = `${newGuid()}|${now}`;
  if (cipher === 'hmac-sha256') {
    return `${plaintext}.${encoded(CryptoJS.HmacSHA256(plaintext, key), encoding)}`;
  }
  const sealed = CryptoJS.DES.encrypt(plaintext, desBytes(key), {
    mode: cipher === 'des-cbc' ? CryptoJS.mode.CBC : CryptoJS.mode.ECB,
    padding: CryptoJS.pad.Pkcs7,
    ...(cipher === 'des-cbc' && { iv: desBytes(iv ?? '') }),
  });
  return encoded(sealed.ciphertext, encoding);
}

/** UTF-8, zero-padded or truncated to the 8 bytes of a DES key. */
function desBytes(text) {
  const hex = CryptoJS.enc.Hex.stringify(CryptoJS.enc.Utf8.parse(text));
  return CryptoJS.enc.Hex.parse(hex.padEnd(16, '0').slice(0, 16));
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

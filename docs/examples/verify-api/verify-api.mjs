// Prints a new XverifyApi value: node verify-api.mjs <hmac-sha256|des-ecb|des-cbc> <key> [iv]
// DES needs crypto-js (npm install crypto-js): Node's own OpenSSL has it only in its legacy provider.
import CryptoJS from 'crypto-js';
import { createHmac, randomUUID } from 'node:crypto';

export function verifyApi(cipher, key, iv = '') {
  const text = `${randomUUID()}|${Date.now()}`;
  if (cipher === 'hmac-sha256') {
    return `${text}.${createHmac('sha256', key).update(text).digest('base64')}`;
  }
  const { DES, enc, mode, pad } = CryptoJS;
  const sealed = DES.encrypt(text, desBytes(key), {
    mode: cipher === 'des-cbc' ? mode.CBC : mode.ECB,
    padding: pad.Pkcs7,
    iv: cipher === 'des-cbc' ? desBytes(iv) : undefined,
  });
  return enc.Base64.stringify(sealed.ciphertext);
}

/** The key rule: UTF-8, filled with zero bytes or cut to 8 bytes. */
function desBytes(text) {
  const bytes = Buffer.alloc(8);
  bytes.write(text, 'utf8');
  return CryptoJS.enc.Hex.parse(bytes.toString('hex'));
}

process.stdout.write(`${verifyApi(...process.argv.slice(2))}\n`);

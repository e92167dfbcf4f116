import type { Verify } from '../service.js';
import { newGuid } from './guid.js';

/**
 * `XverifyApi` of a project with the cipher `hmac-sha256`, by WebCrypto, which browsers offer over https and on localhost
 * only.
 *
 * @param key text, or bytes written `hex:1234…` or `base64:…`
 */
export function hmacVerify(key: string): Verify {
  let imported: ReturnType<typeof crypto.subtle.importKey> | undefined;
  return async (now) => {
    const { subtle } = crypto as Partial<typeof crypto>;
    if (!subtle) throw new Error('hmacVerify needs a page over https or on localhost');
    imported ??= subtle.importKey('raw', keyBytes(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const text = `${newGuid()}|${now}`;
    const mac = await subtle.sign('HMAC', await imported, new TextEncoder().encode(text));
    return `${text}.${btoa(String.fromCharCode(...new Uint8Array(mac)))}`;
  };
}

function keyBytes(key: string): Uint8Array<ArrayBuffer> {
  const [, form, rest = ''] = /^(hex|base64):(.*)/.exec(key) ?? [];
  if (form === 'hex') return Uint8Array.from(rest.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  if (form) return Uint8Array.from(atob(rest), (character) => character.charCodeAt(0));
  return new TextEncoder().encode(key);
}

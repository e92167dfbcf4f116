import { Secret } from 'otpauth';
import { createHash } from 'node:crypto';

const CODES = 10;
/** 120 bits: enough for a plain hash to be safe. @see OWASP ASVS 5.0 6.5.2, which asks for 112 */
const CODE_BYTES = 15;

/** New recovery codes, in groups of four characters. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () => {
    const characters = new Secret({ size: CODE_BYTES }).base32.toLowerCase();
    return characters.replaceAll(/.{4}(?=.)/g, '$&-');
  });
}

/** Case and separators do not count. */
export function recoveryCodeHash(code: string): string {
  const characters = code.toLowerCase().replaceAll(/[\s-]/g, '');
  return createHash('sha256').update(characters).digest('base64url');
}

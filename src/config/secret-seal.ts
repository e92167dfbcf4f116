import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Peppers } from './pepper.js';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** @see NIST SP 800-38D §8.2: 96 random bits; far too few secrets are sealed for a collision. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts secrets for the database: AES-256-GCM, with a key that HKDF derives from the token pepper.
 *
 * ```
 * sealed = pepper id "." base64url(iv ‖ ciphertext ‖ tag)
 * ```
 *
 * @see RFC 5869, NIST SP 800-38D
 */
export class SecretSeal {
  private readonly keys = new Map<string, KeyObject>();

  /** @param purpose separates the keys of different kinds of secrets */
  constructor(
    private readonly peppers: Peppers,
    private readonly purpose: string,
  ) {}

  /** @param boundTo what the secret belongs to: it cannot be opened for anything else, e.g. in another row */
  seal(secret: Buffer, boundTo: readonly string[]): string {
    const { id: pepperId } = this.peppers.current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.keyOf(pepperId, this.peppers.current.key), iv);
    cipher.setAAD(associatedData(boundTo));
    const sealed = Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    return `${pepperId}.${sealed.toString('base64url')}`;
  }

  /** @returns the secret, or `null` if its pepper is not configured or the text was changed */
  open(text: string, boundTo: readonly string[]): Buffer | null {
    const dot = text.indexOf('.');
    const pepperId = text.slice(0, dot);
    const pepper = this.peppers.get(pepperId);
    const sealed = Buffer.from(text.slice(dot + 1), 'base64url');
    if (dot < 1 || pepper === undefined || sealed.length < IV_BYTES + TAG_BYTES) return null;
    const iv = sealed.subarray(0, IV_BYTES);
    const decipher = createDecipheriv(CIPHER, this.keyOf(pepperId, pepper), iv, { authTagLength: TAG_BYTES })
      .setAAD(associatedData(boundTo))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const secret = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
      return secret;
    } catch {
      secret.fill(0);
      return null;
    }
  }

  /** Whether the text is sealed under a pepper that is no longer the current one. */
  isOutdated(text: string): boolean {
    return !text.startsWith(`${this.peppers.current.id}.`);
  }

  private keyOf(pepperId: string, pepper: KeyObject): KeyObject {
    const known = this.keys.get(pepperId);
    if (known !== undefined) return known;
    const bytes = hkdfSync('sha256', pepper, Buffer.alloc(0), this.purpose, KEY_BYTES);
    const key = createSecretKey(Buffer.from(bytes));
    this.keys.set(pepperId, key);
    return key;
  }
}

/** The id of the pepper under which a text is sealed; empty for what is no sealed text. */
export function sealedUnder(text: string): string {
  return text.slice(0, Math.max(0, text.indexOf('.')));
}

function associatedData(boundTo: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(boundTo));
}

import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Pepper, Peppers } from '../../config/pepper.js';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** @see NIST SP 800-38D §8.2: 96 random bits; far too few keys are sealed for a collision. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = 'bo-auth signing key at rest, v1';

/** What a sealed key is bound to; it cannot be opened for anything else. */
export interface SealedFor {
  readonly ownerId: string;
  /** The thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: string;
}

/**
 * Encrypts private keys for the database: AES-256-GCM, with a key that HKDF derives from the token pepper.
 *
 * ```
 * sealed = pepper id "." base64url(iv ‖ ciphertext ‖ tag)
 * ```
 *
 * @see RFC 5869, NIST SP 800-38D
 */
export class KeySeal {
  private readonly keys = new Map<string, KeyObject>();

  constructor(private readonly peppers: Peppers) {}

  seal(privateKey: KeyObject, sealedFor: SealedFor): string {
    const { id: pepperId } = this.peppers.current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.key(this.peppers.current), iv).setAAD(bound(sealedFor));
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    const sealed = Buffer.concat([iv, cipher.update(der), cipher.final(), cipher.getAuthTag()]);
    der.fill(0);
    return `${pepperId}.${sealed.toString('base64url')}`;
  }

  /** @returns the private key, or `null` if its pepper is not configured or the text was changed */
  open(text: string, sealedFor: SealedFor): KeyObject | null {
    const dot = text.indexOf('.');
    const pepperId = text.slice(0, dot);
    const pepper = this.peppers.get(pepperId);
    const sealed = Buffer.from(text.slice(dot + 1), 'base64url');
    if (dot < 1 || pepper === undefined || sealed.length < IV_BYTES + TAG_BYTES) return null;
    const decipher = createDecipheriv(
      CIPHER,
      this.key({ id: pepperId, key: pepper }),
      sealed.subarray(0, IV_BYTES),
      {
        authTagLength: TAG_BYTES,
      },
    )
      .setAAD(bound(sealedFor))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const der = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
      return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    } catch {
      return null;
    } finally {
      der.fill(0);
    }
  }

  /** Whether the text is sealed under a pepper that is no longer the current one. */
  isOutdated(text: string): boolean {
    return !text.startsWith(`${this.peppers.current.id}.`);
  }

  private key({ id: pepperId, key: pepper }: Pepper): KeyObject {
    const known = this.keys.get(pepperId);
    if (known !== undefined) return known;
    const key = createSecretKey(Buffer.from(hkdfSync('sha256', pepper, Buffer.alloc(0), PURPOSE, KEY_BYTES)));
    this.keys.set(pepperId, key);
    return key;
  }
}

/** Additional authenticated data: a row copied to another project, or with a changed algorithm, cannot be opened. */
function bound({ ownerId, kid, algorithm }: SealedFor): Buffer {
  return Buffer.from(JSON.stringify([ownerId, kid, algorithm]));
}

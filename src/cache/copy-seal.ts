import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Peppers } from '../config/pepper.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const NONCES_AT_ONCE = 256;
const TAG_BYTES = 16;
const NO_SALT = Buffer.alloc(0);

/** A copy as it is stored in Redis. Only its age and the pepper's id are readable there. */
export interface SealedCopy {
  /** When the database was read, by Redis's clock, in ms since the epoch. */
  readonly at: number;
  /** The id of the pepper. */
  readonly kid: string;
  /** Base64 of nonce, tag and ciphertext. */
  readonly sealed: string;
}

/**
 * Encrypts copies for Redis, which is often shared and without a password or TLS. Reading Redis reveals no name, no
 * password hash and no project's key. Writing to Redis can neither forge a session or a role nor move a copy to another
 * key.
 */
export class CopySeal {
  private readonly keys = new Map<string, Buffer>();
  /** Random bytes for the next nonces, drawn in bulk: each call to `randomBytes` costs 4 µs. */
  private unused = Buffer.alloc(0);

  constructor(private readonly peppers: Peppers) {}

  seal(key: string, at: number, value: unknown): SealedCopy {
    const { id: pepperId } = this.peppers.current;
    const nonce = this.newNonce();
    const cipher = createCipheriv(CIPHER, this.keyOf(pepperId, key) as Buffer, nonce);
    cipher.setAAD(Buffer.from(String(at)));
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return {
      at,
      kid: pepperId,
      sealed: Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64'),
    };
  }

  /** @returns `undefined` unless the copy was sealed under this key by a process with one of our peppers */
  open(key: string, copy: SealedCopy): unknown {
    try {
      const secret = this.keyOf(copy.kid, key);
      if (secret === null) return undefined;
      const bytes = Buffer.from(copy.sealed, 'base64');
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(String(copy.at)));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
      return JSON.parse(Buffer.concat([text, decipher.final()]).toString('utf8')) as unknown;
    } catch {
      return undefined;
    }
  }

  private newNonce(): Buffer {
    if (this.unused.length === 0) this.unused = randomBytes(NONCE_BYTES * NONCES_AT_ONCE);
    const nonce = this.unused.subarray(0, NONCE_BYTES);
    this.unused = this.unused.subarray(NONCE_BYTES);
    return nonce;
  }

  /** A separate key for each cache key, so that random nonces do not collide. */
  private keyOf(pepperId: string, key: string): Buffer | null {
    let master = this.keys.get(pepperId);
    if (master === undefined) {
      const pepper = this.peppers.get(pepperId);
      if (pepper === undefined) return null;
      master = Buffer.from(hkdfSync('sha256', pepper, NO_SALT, 'bo-auth copies in redis', 32));
      this.keys.set(pepperId, master);
    }
    return createHmac('sha256', master).update(key).digest();
  }
}

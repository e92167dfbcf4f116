// @ts-check
/** Makes `XverifyApi` values, one per request: a new GUID, DES-ECB, Base64. */
import { createCipheriv, randomBytes } from 'node:crypto';

const BATCH = 2048;
/** A GUID's 36 characters and 4 bytes of PKCS#7 padding: five whole DES blocks. */
const BLOCK = 40;

export class VerifyValues {
  #key;
  /** @type {string[]} */
  #ready = [];

  /** @param {string} key 8 characters */
  constructor(key) {
    // EDE3 with the same key three times equals DES-ECB; OpenSSL 3 has single DES only in its legacy provider.
    this.#key = Buffer.from(key.repeat(3));
  }

  /**
   * Makes values in advance, outside of the measured window.
   *
   * @param {number} count
   */
  prepare(count) {
    while (this.#ready.length < count) this.#refill();
  }

  /** @returns {string} never the same twice */
  next() {
    if (this.#ready.length === 0) this.#refill();
    return this.#ready.pop() ?? '';
  }

  // ECB keeps no state from block to block, so one cipher call encrypts a whole batch.
  #refill() {
    const random = randomBytes(16 * BATCH).toString('hex');
    const plain = Buffer.alloc(BLOCK * BATCH, 4);
    for (let i = 0; i < BATCH; i++) {
      const hex = random.slice(32 * i, 32 * i + 32);
      const guid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
      plain.write(guid, BLOCK * i, 'latin1');
    }
    const cipher = createCipheriv('des-ede3-ecb', this.#key, null).setAutoPadding(false);
    const encrypted = cipher.update(plain);
    for (let i = 0; i < BATCH; i++)
      this.#ready.push(encrypted.toString('base64', BLOCK * i, BLOCK * i + BLOCK));
  }
}

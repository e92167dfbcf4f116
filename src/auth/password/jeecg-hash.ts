import { createCipheriv, timingSafeEqual } from 'node:crypto';
import { DIGESTS_PER_MS } from './digest-expression.js';
import type { DigestThread } from './digest-thread.js';
import type { PasswordFormat, StoredPassword } from './stored-password.js';

const ROUNDS = 1_000;
const BLOCK = 8;

/**
 * JeecgBoot's `PasswordUtil`: the user name, encrypted by PBEWithMD5AndDES under the password.
 *
 * @see RFC 8018 §6.1.1 (PBES1), §5.1 (PBKDF1)
 */
export function jeecgFormat(thread: DigestThread): PasswordFormat {
  return {
    problem(stored) {
      if (Buffer.byteLength(stored.passwordSalt ?? '') !== BLOCK)
        return { field: 'passwordSalt', rule: `must be the ${BLOCK} characters of the salt` };
      if (!/^[\da-f]+$/i.test(stored.passwordHash) || stored.passwordHash.length !== hexLength(stored))
        return {
          field: 'passwordHash',
          rule: `must be hexadecimal, ${hexLength(stored)} characters for this userName`,
        };
      return null;
    },

    async matches({ passwordHash, passwordSalt, passwordUserName }, password) {
      const seed = Buffer.from(password + (passwordSalt ?? ''));
      const key = await thread.repeat('md5', seed, ROUNDS);
      // Triple DES with three equal keys is DES, which OpenSSL 3 offers only in its legacy provider.
      const des = key.subarray(0, 8);
      const cipher = createCipheriv('des-ede3-cbc', Buffer.concat([des, des, des]), key.subarray(8));
      const encrypted = Buffer.concat([cipher.update(passwordUserName ?? '', 'utf8'), cipher.final()]);
      const expected = Buffer.from(passwordHash, 'hex');
      return encrypted.length === expected.length && timingSafeEqual(encrypted, expected);
    },

    decoy: () => '0'.repeat(4 * BLOCK),

    cost: () => ROUNDS / DIGESTS_PER_MS,
  };
}

/** Of the user name, padded to whole blocks. */
function hexLength({ passwordUserName }: StoredPassword): number {
  return 2 * BLOCK * (Math.floor(Buffer.byteLength(passwordUserName ?? '') / BLOCK) + 1);
}

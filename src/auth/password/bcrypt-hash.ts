import bcryptRs from '@node-rs/bcrypt';
import { type PasswordFormat, saltProblem } from './stored-password.js';

/** With the prefix of Spring Security's DelegatingPasswordEncoder, or without. A login at cost 15 takes about 2 s. */
const BCRYPT = /^(?:\{bcrypt\})?\$2[aby]\$(0[4-9]|1[0-5])\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;

const RULE = 'must be a bcrypt hash: $2a$, $2b$ or $2y$, the cost from 04 to 15, $, and 53 characters';

export const bcrypt: PasswordFormat = {
  problem: (stored) =>
    BCRYPT.test(stored.passwordHash) ? saltProblem(stored) : { field: 'passwordHash', rule: RULE },

  matches({ passwordHash }, password) {
    const [, cost, salt, digest] = BCRYPT.exec(passwordHash) ?? [];
    if (salt === undefined || digest === undefined) throw new Error(RULE);
    // 16 and 23 bytes: the last characters have unused bits. The verifier would refuse others than zeros at once.
    return bcryptRs.verify(password, `$2b$${cost}$${masked(salt, 0b110000)}${masked(digest, 0b111100)}`);
  },

  decoy: (hash) => `$2b$${BCRYPT.exec(hash)?.[1]}$${'.'.repeat(53)}`,

  cost: (hash) => 2_000 * 2 ** (Number(BCRYPT.exec(hash)?.[1]) - 15),
};

const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function masked(text: string, mask: number): string {
  return text.slice(0, -1) + (ALPHABET[ALPHABET.indexOf(text.at(-1) ?? '') & mask] ?? '');
}

import { argon2id } from '../../src/auth/password/argon2-hash.js';
import type { StoredPassword } from '../../src/auth/password/stored-password.js';

const compare = argon2id.matches.bind(argon2id);
const known = new Map<string, Promise<boolean>>();

/**
 * Compares an argon2id hash with the same password only once in a worker: it takes 30 ms, and always ends the same. All
 * else of a login stays as it is. `false`: specs of what logins cost compare as the service does.
 */
export function rememberComparisons(remember = true): void {
  argon2id.matches = remember ? remembered : compare;
}

function remembered(stored: StoredPassword, password: string): Promise<boolean> {
  const key = JSON.stringify([stored.passwordHash, password]);
  const matches = known.get(key) ?? Promise.resolve(compare(stored, password));
  known.set(key, matches);
  return matches;
}

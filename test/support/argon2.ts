import { argon2id } from '../../src/auth/password/argon2-hash.js';
import type { StoredPassword } from '../../src/auth/password/stored-password.js';

const compare = argon2id.matches.bind(argon2id);
const known = new Map<string, Promise<boolean>>();

/**
 * In tests a worker compares an argon2id hash with the same password only once: it takes 30 ms, and always ends the same.
 * All else of a login stays as it is.
 */
argon2id.matches = remembered;

/** Call this in a spec of what logins cost: it compares as the service does. */
export function compareEachTime(): void {
  beforeAll(() => {
    argon2id.matches = compare;
  });
  afterAll(() => {
    argon2id.matches = remembered;
  });
}

function remembered(stored: StoredPassword, password: string): Promise<boolean> {
  const key = JSON.stringify([stored.passwordHash, password]);
  const matches = known.get(key) ?? Promise.resolve(compare(stored, password));
  known.set(key, matches);
  return matches;
}

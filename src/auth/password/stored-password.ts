import type { User } from '../../tenancy/user/user.entity.js';

/** A password as a user's row holds it. */
export type StoredPassword = Readonly<
  Pick<User, 'passwordHash' | 'passwordFormat' | 'passwordSalt' | 'passwordUserName'>
>;

/** The columns of a password that was hashed here. */
export function ownPassword(passwordHash: string): StoredPassword {
  return { passwordHash, passwordFormat: null, passwordSalt: null, passwordUserName: null };
}

/** One way to make a hash from a password. */
export interface PasswordFormat {
  /** Why a hash cannot be imported, or `null` if it can. */
  problem(stored: StoredPassword): HashProblem | null;
  /** Whether the hash is that of the password. Rejects if the hash cannot be read. */
  matches(stored: StoredPassword, password: string): Promise<boolean>;
  /** The hash of its {@link PasswordDecoy}; the same for all hashes that take equally long. */
  decoy(hash: string): string;
  /** About how long one core takes to verify the hash, in ms. */
  cost(hash: string): number;
}

export interface HashProblem {
  readonly field: 'passwordHash' | 'passwordFormat' | 'passwordSalt';
  readonly rule: string;
}

/** The problem of a hash with a format that has no salt of its own. */
export function saltProblem({ passwordSalt }: StoredPassword): HashProblem | null {
  return passwordSalt === null ? null : { field: 'passwordSalt', rule: 'is not used by this format' };
}

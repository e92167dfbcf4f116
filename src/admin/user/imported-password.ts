import type { z } from 'zod';
import { isForeign } from '../../auth/password/argon2-hash.js';
import { decoyOf, importProblem, namedAlike } from '../../auth/password/password-formats.js';
import { ownPassword, type StoredPassword } from '../../auth/password/stored-password.js';
import type { PasswordDecoy } from '../../tenancy/project/project.entity.js';

/** The fields of a new user whose password was hashed elsewhere. */
interface Fields {
  readonly userName: string;
  readonly passwordHash?: string | undefined;
  readonly passwordFormat?: string | undefined;
  readonly passwordSalt?: string | undefined;
}

/** A hash that no login could verify is refused when it is imported. */
export function assertReadable(fields: Fields, context: z.RefinementCtx): void {
  const add = (field: string, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });
  const { passwordHash, passwordFormat, passwordSalt } = fields;
  if (passwordHash === undefined) {
    for (const [field, value] of Object.entries({ passwordFormat, passwordSalt }))
      if (value !== undefined) add(field, 'needs a passwordHash');
    return;
  }
  const problem = importProblem(storedOf({ ...fields, passwordHash }));
  if (problem !== null) add(problem.field, problem.rule);
}

/** @returns the columns, and the decoy that the project needs for them; `null`: none */
export function importedPassword(fields: Fields & { readonly passwordHash: string }): {
  readonly stored: StoredPassword;
  readonly decoy: PasswordDecoy | null;
} {
  const { passwordFormat, ...columns } = storedOf(fields);
  const stored = { ...columns, passwordFormat: namedAlike(passwordFormat) };
  if (stored.passwordFormat === 'argon2id' && !isForeign(stored.passwordHash))
    return { stored: ownPassword(stored.passwordHash), decoy: null };
  return { stored, decoy: decoyOf(stored) };
}

function storedOf({
  userName,
  passwordHash,
  passwordFormat = 'argon2id',
  passwordSalt,
}: Fields & { readonly passwordHash: string }): StoredPassword {
  return { passwordHash, passwordFormat, passwordSalt: passwordSalt ?? null, passwordUserName: userName };
}

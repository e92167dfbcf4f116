import { argon2id } from './argon2-hash.js';
import { bcrypt } from './bcrypt-hash.js';
import { digestFormat } from './digest-hash.js';
import { DigestExpressionError, parseExpression, printExpression } from './digest-expression.js';
import { DigestThread } from './digest-thread.js';
import { jeecgFormat } from './jeecg-hash.js';
import { pbkdf2 } from './pbkdf2-hash.js';
import type { PasswordDecoy } from '../../tenancy/project/project.entity.js';
import type { HashProblem, PasswordFormat, StoredPassword } from './stored-password.js';

const digestThread = new DigestThread();

const FORMATS: Readonly<Record<string, PasswordFormat>> = {
  argon2id,
  bcrypt,
  pbkdf2,
  jeecg: jeecgFormat(digestThread),
};

/** The formats that are no digest expressions. */
export const FORMAT_NAMES = Object.keys(FORMATS);

const FORMAT_RULE = `must be ${FORMAT_NAMES.join(', ')} or a digest expression such as md5(password+salt)`;

/** @throws DigestExpressionError for a name that is neither a format nor a digest expression */
function formatNamed(name: string | null): PasswordFormat {
  if (name === null) return argon2id;
  return Object.hasOwn(FORMATS, name) ? (FORMATS[name] ?? argon2id) : digestFormat(name, digestThread);
}

/** @throws DigestExpressionError as {@link formatNamed} */
export function formatOf({ passwordHash, passwordFormat }: StoredPassword): PasswordFormat {
  // The previous release sets a new password without clearing the format of the one before.
  return formatNamed(passwordHash.startsWith('$argon2') ? null : passwordFormat);
}

/** One name for all that mean the same format, so that they share a decoy. @throws DigestExpressionError */
export function namedAlike(name: string | null): string | null {
  return name === null || Object.hasOwn(FORMATS, name) ? name : printExpression(parseExpression(name).digest);
}

/** Why a hash cannot be imported, or `null` if it can. */
export function importProblem(stored: StoredPassword): HashProblem | null {
  try {
    return formatNamed(stored.passwordFormat).problem(stored);
  } catch (error) {
    if (!(error instanceof DigestExpressionError)) throw error;
    // Without a parenthesis it was hardly meant to be an expression.
    const rule = stored.passwordFormat?.includes('(') === true ? error.message : FORMAT_RULE;
    return { field: 'passwordFormat', rule };
  }
}

/** About how long a decoy takes, in ms. */
export function decoyCost({ format, hash }: PasswordDecoy): number {
  return formatNamed(format).cost(hash);
}

/** What a login of any user of the project must verify besides, so that it takes as long as one with this hash. */
export function decoyOf(stored: StoredPassword): PasswordDecoy {
  const { passwordFormat, passwordHash } = stored;
  return { format: passwordFormat ?? 'argon2id', hash: formatOf(stored).decoy(passwordHash) };
}

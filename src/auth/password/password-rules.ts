import { errors } from '../../response/error/error-catalogue.js';
import type { Project } from '../../tenancy/project/project.entity.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { isCommonPassword } from './common-passwords.js';

type Rules = Pick<Project, 'passwordMinLength' | 'passwordMinClasses' | 'passwordBlocklist'>;
type Aging = Pick<Project, 'passwordMaxAgeDays'>;
type Names = Pick<User, 'userId' | 'userName' | 'pushName'>;
type Age = Pick<User, 'mustChangePassword' | 'passwordSetAt' | 'createdAt'>;

const DAY_MS = 86_400_000;

/** A shorter name is part of many good passwords. */
const NAME_MIN = 3;

const CLASSES = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{Ll}\p{Lu}\p{Nd}]/u];

/**
 * Judges a password that a user has chosen by the rules of the project. Copies of a project that the previous release has
 * cached lack the rules.
 *
 * @throws PASSWORD_TOO_WEAK naming the rule
 */
export async function assertStrong(password: string, rules: Rules, names: Names): Promise<void> {
  const minLength = rules.passwordMinLength ?? 8;
  if (Array.from(password).length < minLength)
    throw tooWeak(`The new password must have at least ${minLength} characters.`);
  const minClasses = rules.passwordMinClasses ?? 1;
  if (CLASSES.filter((pattern) => pattern.test(password)).length < minClasses)
    throw tooWeak(
      `The new password must have at least ${minClasses} of these: lower-case letters, upper-case letters, digits, other characters.`,
    );
  if (rules.passwordBlocklist !== 'on') return;
  if (await isCommonPassword(password))
    throw tooWeak('The new password is one of the most common passwords.');
  if (containsName(password, names)) throw tooWeak('The new password must not contain the name of the user.');
}

/** Whether the user must change the password before the next login. */
export function mustChange(user: Age, { passwordMaxAgeDays }: Aging, now: number): boolean {
  if (user.mustChangePassword) return true;
  if (passwordMaxAgeDays === null || passwordMaxAgeDays === undefined) return false;
  // `null`: set before the service recorded it.
  return (user.passwordSetAt ?? user.createdAt) + passwordMaxAgeDays * DAY_MS <= now;
}

export function tooWeak(text: string) {
  return errors.PASSWORD_TOO_WEAK({ field: 'newPassword', text });
}

function containsName(password: string, { userId, userName, pushName }: Names): boolean {
  const lower = password.toLowerCase();
  return [userId, userName, pushName]
    .map((name) => name.toLowerCase())
    .some((name) => lower === name || (name.length >= NAME_MIN && lower.includes(name)));
}

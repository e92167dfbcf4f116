import { freeId } from './pepper.js';

/** The secrets that sign access tokens with HS256. */
export interface JwtSecrets {
  /** Signs and verifies. */
  readonly jwtSecret: string;
  /** Only verify, while `JWT_SECRET` is being replaced. */
  readonly otherJwtSecrets: readonly string[];
}

/** `id:secret`; the secret is visible ASCII without the two separators, and long enough for production. */
const ENTRY = /^[A-Za-z0-9_-]{1,16}:([\x21-\x2b\x2d-\x39\x3b-\x7e]{32,})$/;

/**
 * Reads `JWT_SECRET`: one secret, or a list of at least two entries `id:secret`, of which the first signs.
 *
 * Unlike `TOKEN_PEPPER`, `JWT_SECRET` could always contain `:` and `,`. So a text is a list only if every entry has the
 * exact form; any other text, such as a single `id:secret`, is one secret, as it always was.
 */
export function jwtSecrets(text: string): JwtSecrets {
  const secrets = text.split(',').map((entry) => ENTRY.exec(entry)?.[1]);
  if (secrets.length < 2 || !isComplete(secrets)) return { jwtSecret: text, otherJwtSecrets: [] };
  const [jwtSecret = text, ...otherJwtSecrets] = secrets;
  return { jwtSecret, otherJwtSecrets };
}

function isComplete(secrets: readonly (string | undefined)[]): secrets is readonly string[] {
  return !secrets.includes(undefined);
}

/**
 * Adds a new secret in front of the current ones, so that existing access tokens stay valid.
 *
 * @param text the current value of `JWT_SECRET`; absent or empty if there is none yet
 * @param name the id of the new secret; gets a number if it is taken
 * @returns `null` if the current secret does not fit into a list
 */
export function rotatedJwtSecrets(text: string, secret: string, name: string): string | null {
  const entries = jwtSecrets(text).otherJwtSecrets.length > 0 ? text.split(',') : [`0:${text}`];
  if (!entries.every((entry) => ENTRY.test(entry))) return null;
  const id = freeId(
    name,
    entries.map((entry) => entry.split(':', 1).join('')),
  );
  return [`${id}:${secret}`, ...entries].join(',');
}

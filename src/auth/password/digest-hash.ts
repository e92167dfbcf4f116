import { timingSafeEqual } from 'node:crypto';
import {
  type Digest,
  type DigestName,
  DIGESTS,
  DIGESTS_PER_MS,
  type Expression,
  parseExpression,
  type Term,
} from './digest-expression.js';
import type { DigestThread } from './digest-thread.js';
import type { PasswordFormat, StoredPassword } from './stored-password.js';

/** The values of the terms. */
type Values = Readonly<Record<'password' | 'username' | 'salt', string>>;

/** The format that a digest expression describes. @throws DigestExpressionError */
export function digestFormat(source: string, thread: DigestThread): PasswordFormat {
  const expression = parseExpression(source);
  const { name } = expression.digest;
  return {
    problem(stored) {
      if (bytesOf(stored.passwordHash, name) === null)
        return {
          field: 'passwordHash',
          rule: `must be the result in hexadecimal (${2 * DIGESTS[name]} characters) or in Base64 (${4 * Math.ceil(DIGESTS[name] / 3)} characters)`,
        };
      return problemOfSalt(stored, expression);
    },

    async matches({ passwordHash, passwordSalt, passwordUserName }, password) {
      const expected = bytesOf(passwordHash, name);
      if (expected === null) throw new Error('the hash has the wrong length');
      const values = { password, username: passwordUserName ?? '', salt: passwordSalt ?? '' };
      return timingSafeEqual(await evaluate(expression.digest, values, thread), expected);
    },

    decoy: () => '0'.repeat(2 * DIGESTS[name]),

    cost: () => expression.digests / DIGESTS_PER_MS,
  };
}

async function evaluate(
  { name, terms, times }: Digest,
  values: Values,
  thread: DigestThread,
): Promise<Buffer> {
  const texts: string[] = [];
  for (const term of terms) texts.push(await textOf(term, values, thread));
  return thread.repeat(name, Buffer.from(texts.join('')), times);
}

async function textOf(term: Term, values: Values, thread: DigestThread): Promise<string> {
  if (term.kind === 'digest') return (await evaluate(term, values, thread)).toString('hex');
  return term.kind === 'text' ? term.text : values[term.kind];
}

function problemOfSalt({ passwordSalt }: StoredPassword, { usesSalt }: Expression) {
  if (usesSalt === (passwordSalt !== null)) return null;
  const rule = usesSalt ? 'is needed by this format' : 'is not used by this format';
  return { field: 'passwordSalt', rule } as const;
}

/** Hexadecimal in either case, or padded Base64. @returns `null` for anything else, and for another length */
function bytesOf(text: string, name: DigestName): Buffer | null {
  const length = DIGESTS[name];
  if (text.length === 2 * length && /^[\da-f]+$/i.test(text)) return Buffer.from(text, 'hex');
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === length && bytes.toString('base64') === text ? bytes : null;
}

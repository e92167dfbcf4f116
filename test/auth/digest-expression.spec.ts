import * as fc from 'fast-check';
import {
  type Digest,
  DigestExpressionError,
  type DigestName,
  DIGESTS,
  MAX_DIGESTS,
  parseExpression,
  printExpression,
  type Term,
} from '../../src/auth/password/digest-expression.js';

const names = fc.constantFrom(...(Object.keys(DIGESTS) as DigestName[]));
const text = fc.string({ maxLength: 8 }).map((value): Term => ({ kind: 'text', text: value }));
const leaf = fc.oneof(
  fc.constantFrom('password', 'username', 'salt').map((kind) => ({ kind }) as Term),
  text,
);
const digests = (depth: number): fc.Arbitrary<Digest> =>
  fc.record({
    kind: fc.constant('digest' as const),
    name: names,
    terms: fc.array(depth === 0 ? leaf : fc.oneof(leaf, digests(depth - 1)), { minLength: 1, maxLength: 3 }),
    times: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2_000 })),
  });

/** What parsing says: the printed form, or the message of the parser's own error. */
function outcome(source: string): string {
  try {
    return printExpression(parseExpression(source).digest);
  } catch (error) {
    if (!(error instanceof DigestExpressionError)) throw error;
    return error.message;
  }
}

it('what is printed is parsed again', () => {
  const usable = digests(2).filter((digest) => printExpression(digest).length <= 256);
  fc.assert(
    fc.property(usable, (digest) => {
      const printed = printExpression(digest);
      const again = outcome(printed);
      if (again !== printed) expect(again).toBe('does not use the password');
      else expect(parseExpression(printed).digest).toEqual(digest);
    }),
  );
});

it('any other text is refused by its own error, which does not quote it', () => {
  const pieces = fc.constantFrom(
    ...[
      'md5',
      'sha1',
      '(',
      ')',
      '+',
      '^',
      '9',
      '100000',
      'password',
      'salt',
      `'`,
      `'s3cret'`,
      ' ',
      'é',
      '\n',
    ],
  );
  const sources = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(sources, (source) => {
      const said = outcome(source);
      if (!said.endsWith(')') && !/\^\d+$/.test(said)) expect(said).not.toContain('s3cret');
    }),
    { numRuns: 1_000 },
  );
});

it.each([
  ['md5 ( password + salt ) ^ 2', 'md5(password+salt)^2'],
  [`sha1('it''s'+password)^1`, `sha1('it''s'+password)`],
  [`sha512(sha256(password)^${MAX_DIGESTS - 1})`, `sha512(sha256(password)^${MAX_DIGESTS - 1})`],
  [`sha512(sha256(password)^${MAX_DIGESTS})`, 'costs more than 100000 digests'],
  ['md5(password)^99999999999999999999999', 'costs more than 100000 digests'],
  ['md5(password)^0', 'repeats a digest less than once'],
  ['md5(salt)', 'does not use the password'],
  ['', 'is not a digest expression: a digest is expected at character 1'],
  ['password', /the word before character 9 is neither a digest \(md5, .*\) nor a term/],
  ['md4(password)', /the word before character 4 is neither/],
  ['MD5(password)', 'is not a digest expression: a digest is expected at character 1'],
  ['md5(password', 'is not a digest expression: + or ) is expected at character 13'],
  ['md5(password))', 'is not a digest expression: the end is expected at character 14'],
  ['md5(password+)', 'is not a digest expression: a term is expected at character 14'],
  [`md5(password+'x)`, 'is not a digest expression: a term is expected at character 14'],
  ['md5(password)^', 'is not a digest expression: a number is expected at character 15'],
  [`${'md5('.repeat(9)}password${')'.repeat(9)}`, 'nests digests deeper than 8'],
  [`md5(password+'${'x'.repeat(256)}')`, 'is longer than 256 characters'],
])('%s', (source, said) => {
  if (typeof said === 'string') expect(outcome(source)).toBe(said);
  else expect(outcome(source)).toMatch(said);
});

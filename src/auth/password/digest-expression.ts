/** The digests of an expression, and how many bytes each has. */
export const DIGESTS = { md5: 16, sha1: 20, sha256: 32, sha512: 64, sm3: 32 } as const;
export type DigestName = keyof typeof DIGESTS;

/**
 * How a system made a hash from a password, e.g. `md5(md5(password)+salt)`.
 *
 * ```
 * digest = name "(" term { "+" term } ")" [ "^" times ]
 * name   = "md5" | "sha1" | "sha256" | "sha512" | "sm3"
 * term   = "password" | "username" | "salt" | "'" text "'" | digest
 * ```
 *
 * A nested digest stands for its lower-case hex. `^ times` makes that many digests in all, each of the bytes of the one
 * before. Blanks between the parts are allowed; `''` in a text is one `'`.
 */
export interface Digest {
  readonly kind: 'digest';
  readonly name: DigestName;
  readonly terms: readonly Term[];
  readonly times: number;
}

export type Term =
  | { readonly kind: 'password' | 'username' | 'salt' }
  | { readonly kind: 'text'; readonly text: string }
  | Digest;

/** What the expression covers, and how many digests it costs. */
export interface Expression {
  readonly digest: Digest;
  readonly usesSalt: boolean;
  readonly digests: number;
}

/** A quarter of a second. */
export const MAX_DIGESTS = 100_000;
export const DIGESTS_PER_MS = 400;
export const MAX_LENGTH = 256;
const MAX_DEPTH = 8;

/** The message is the rule that was broken. It never holds a part of the expression: a text in it may be a secret of the other system. */
export class DigestExpressionError extends Error {}

const TOKEN = /[ \t]*(?:(?<word>[a-z][a-z\d]*)|(?<text>'(?:[^']|'')*')|(?<number>\d+)|(?<sign>[()+^]))/y;

/** @throws DigestExpressionError */
export function parseExpression(source: string): Expression {
  if (source.length > MAX_LENGTH) throw new DigestExpressionError(`is longer than ${MAX_LENGTH} characters`);
  const digest = new Parser(source).parse();
  if (!uses(digest, 'password')) throw new DigestExpressionError('does not use the password');
  const digests = costOf(digest);
  if (digests > MAX_DIGESTS) throw new DigestExpressionError(`costs more than ${MAX_DIGESTS} digests`);
  return { digest, usesSalt: uses(digest, 'salt'), digests };
}

/** The text of an expression, without blanks. */
export function printExpression({ name, terms, times }: Digest): string {
  const inner = terms.map((term) => {
    if (term.kind === 'digest') return printExpression(term);
    return term.kind === 'text' ? `'${term.text.replaceAll(`'`, `''`)}'` : term.kind;
  });
  return `${name}(${inner.join('+')})${times === 1 ? '' : `^${times}`}`;
}

function costOf({ terms, times }: Digest): number {
  return terms.reduce((sum, term) => sum + (term.kind === 'digest' ? costOf(term) : 0), times);
}

function uses({ terms }: Digest, kind: Term['kind']): boolean {
  return terms.some((term) => term.kind === kind || (term.kind === 'digest' && uses(term, kind)));
}

class Parser {
  private at = 0;

  constructor(private readonly source: string) {}

  parse(): Digest {
    const digest = this.digest(this.take('word', 'a digest'), 1);
    if (this.source.slice(this.at).trim() !== '') throw this.error('the end');
    return digest;
  }

  private digest(name: string, depth: number): Digest {
    if (!Object.hasOwn(DIGESTS, name))
      throw new DigestExpressionError(
        `is not a digest expression: the word before character ${this.at + 1} is neither a digest (${Object.keys(DIGESTS).join(', ')}) nor a term (password, username, salt)`,
      );
    if (depth > MAX_DEPTH) throw new DigestExpressionError(`nests digests deeper than ${MAX_DEPTH}`);
    this.take('sign', '(', '(');
    const terms = [this.term(depth)];
    while (this.takeIf('+')) terms.push(this.term(depth));
    this.take('sign', '+ or )', ')');
    return { kind: 'digest', name: name as DigestName, terms, times: this.takeIf('^') ? this.times() : 1 };
  }

  private times(): number {
    const times = Number(this.take('number', 'a number'));
    if (times < 1) throw new DigestExpressionError('repeats a digest less than once');
    return times;
  }

  private term(depth: number): Term {
    const token = this.peek();
    if (token?.text !== undefined) {
      this.at = TOKEN.lastIndex;
      return { kind: 'text', text: token.text.slice(1, -1).replaceAll(`''`, `'`) };
    }
    const word = this.take('word', 'a term');
    if (word === 'password' || word === 'username' || word === 'salt') return { kind: word };
    return this.digest(word, depth + 1);
  }

  private takeIf(sign: string): boolean {
    if (this.peek()?.sign !== sign) return false;
    this.at = TOKEN.lastIndex;
    return true;
  }

  private take(kind: 'word' | 'number' | 'sign', expected: string, sign?: string): string {
    const found = this.peek()?.[kind];
    if (found === undefined || (sign !== undefined && found !== sign)) throw this.error(expected);
    this.at = TOKEN.lastIndex;
    return found;
  }

  private peek(): { word?: string; text?: string; number?: string; sign?: string } | undefined {
    TOKEN.lastIndex = this.at;
    return TOKEN.exec(this.source)?.groups;
  }

  private error(expected: string): DigestExpressionError {
    return new DigestExpressionError(
      `is not a digest expression: ${expected} is expected at character ${this.at + 1}`,
    );
  }
}

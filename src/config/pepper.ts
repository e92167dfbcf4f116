import { createSecretKey, type KeyObject } from 'node:crypto';

const KID = /^[A-Za-z0-9_-]{1,16}$/;
/** Visible ASCII without the two separators. */
const SECRET = /^[\x21-\x2b\x2d-\x39\x3b-\x7e]+$/;
/** The kid of a pepper that was written without one. */
const BARE_KID = '0';

/** Says what is wrong with the text and where, never what the text holds. */
export class PepperFormatError extends Error {
  override readonly name = 'PepperFormatError';
}

export interface Pepper {
  readonly kid: string;
  readonly key: KeyObject;
}

/**
 * The server-side keys under every refresh token. A family remembers the `kid` it was made with, so a new
 * pepper can be put in front while the old one still verifies.
 *
 * ```
 * peppers = secret | kid ":" secret *( "," kid ":" secret )
 * kid     = 1*16( ALPHA | DIGIT | "_" | "-" )
 * secret  = 1*( visible ASCII without "," and ":" )      base64, base64url and hex all fit
 * ```
 *
 * A text with a `:` or `,` is always the list, so a secret never holds either; a lone secret has the kid
 * `0`. To rotate away from `S`, write `new:S2,0:S`: the first is current.
 */
export class Peppers {
  readonly current: Pepper;
  /** Length in bytes of the shortest secret, for the check at start. */
  readonly shortestBytes: number;
  readonly #keys: ReadonlyMap<string, KeyObject>;

  private constructor(entries: readonly (readonly [kid: string, secret: string])[]) {
    this.#keys = new Map(
      entries.map(([kid, secret]) => [kid, createSecretKey(Buffer.from(secret, 'ascii'))]),
    );
    const [kid] = entries[0]!;
    this.current = Object.freeze({ kid, key: this.#keys.get(kid)! });
    this.shortestBytes = Math.min(...entries.map(([, secret]) => secret.length));
  }

  /** @throws PepperFormatError, whose message holds no part of the text */
  static parse(text: string): Peppers {
    if (!/[:,]/.test(text)) {
      if (!SECRET.test(text))
        throw new PepperFormatError('the secret is empty or holds more than visible ASCII');
      return new Peppers([[BARE_KID, text]]);
    }
    const entries = text.split(',').map((entry, index) => {
      const [kid, secret, ...rest] = entry.split(':');
      const where = `entry ${index + 1}`;
      if (secret === undefined) {
        throw new PepperFormatError(`${where} is not kid:secret (a secret holds neither "," nor ":")`);
      }
      if (rest.length > 0) throw new PepperFormatError(`${where} holds more than one ":"`);
      if (!KID.test(kid!)) throw new PepperFormatError(`${where}: the kid is not 1 to 16 of A-Z a-z 0-9 _ -`);
      if (!SECRET.test(secret)) {
        throw new PepperFormatError(`${where}: the secret is empty or holds more than visible ASCII`);
      }
      return [kid!, secret] as const;
    });
    if (new Set(entries.map(([kid]) => kid)).size < entries.length) {
      throw new PepperFormatError('two entries have the same kid');
    }
    return new Peppers(entries);
  }

  get(kid: string): KeyObject | undefined {
    return this.#keys.get(kid);
  }

  /** The kids alone: what a log line or a dump may show. */
  toJSON(): { kids: string[] } {
    return { kids: [...this.#keys.keys()] };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Peppers(${[...this.#keys.keys()].join(', ')})`;
  }
}

/**
 * The text of `TOKEN_PEPPER` with a new secret in front of what is there, so that old sessions go on.
 *
 * @param text absent or empty: there is none yet
 * @param name what the new pepper is called; numbered where there is one of this name
 * @throws PepperFormatError, whose message holds no part of the text
 */
export function rotatedPeppers(
  text: string | undefined,
  secret: string,
  name: string,
): { text: string; kid: string } {
  if (text === undefined || text === '') return { text: `${name}:${secret}`, kid: name };
  const { kids } = Peppers.parse(text).toJSON();
  let kid = name;
  for (let number = 2; kids.includes(kid); number++) kid = `${name}-${number}`;
  const entries = /[:,]/.test(text) ? text.split(',') : [`${BARE_KID}:${text}`];
  return { text: [`${kid}:${secret}`, ...entries].join(','), kid };
}

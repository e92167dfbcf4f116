import { createSecretKey, type KeyObject } from 'node:crypto';

const KID = /^[A-Za-z0-9_-]{1,16}$/;
/** Visible ASCII without the two separators. */
const SECRET = /^[\x21-\x2b\x2d-\x39\x3b-\x7e]+$/;
/** The kid of a pepper that is configured without one. */
const BARE_KID = '0';

/** `TOKEN_PEPPER` is malformed. The message says what is wrong and where, but contains no part of the text. */
export class PepperFormatError extends Error {
  override readonly name = 'PepperFormatError';
}

export interface Pepper {
  readonly kid: string;
  readonly key: KeyObject;
}

/**
 * The server-side HMAC keys of refresh tokens. Each family stores the `kid` of its key, so a new pepper can be added
 * while the old one still verifies existing tokens.
 *
 * ```
 * peppers = secret | kid ":" secret *( "," kid ":" secret )
 * kid     = 1*16( ALPHA | DIGIT | "_" | "-" )
 * secret  = 1*( visible ASCII without "," and ":" )      base64, base64url and hex all fit
 * ```
 *
 * A text that contains `:` or `,` is always a list, so a secret cannot contain them; a single secret has the kid
 * `0`. To replace `S`, configure `new:S2,0:S`: the first pepper is the current one.
 */
export class Peppers {
  readonly current: Pepper;
  /** Length of the shortest secret in bytes. */
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

  /** @throws PepperFormatError */
  static parse(text: string): Peppers {
    if (!/[:,]/.test(text)) {
      if (!SECRET.test(text)) throw new PepperFormatError('the secret must be visible ASCII and not empty');
      return new Peppers([[BARE_KID, text]]);
    }
    const entries = text.split(',').map((entry, index) => {
      const [kid, secret, ...rest] = entry.split(':');
      const where = `entry ${index + 1}`;
      if (secret === undefined) {
        throw new PepperFormatError(`${where} must be kid:secret (a secret cannot contain "," or ":")`);
      }
      if (rest.length > 0) throw new PepperFormatError(`${where} contains more than one ":"`);
      if (!KID.test(kid!))
        throw new PepperFormatError(`${where}: the kid must be 1 to 16 characters of A-Z a-z 0-9 _ -`);
      if (!SECRET.test(secret)) {
        throw new PepperFormatError(`${where}: the secret must be visible ASCII and not empty`);
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

  /** Only the kids, so that logging this object reveals no secret. */
  toJSON(): { kids: string[] } {
    return { kids: [...this.#keys.keys()] };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Peppers(${[...this.#keys.keys()].join(', ')})`;
  }
}

/**
 * Adds a new secret in front of the current `TOKEN_PEPPER`, so that existing sessions stay valid.
 *
 * @param text the current value; absent or empty if there is none yet
 * @param name the kid of the new pepper; gets a number if it is taken
 * @throws PepperFormatError
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

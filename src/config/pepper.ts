import { createSecretKey, type KeyObject } from 'node:crypto';

const ID = /^[A-Za-z0-9_-]{1,16}$/;
/** Visible ASCII without the two separators. */
const SECRET = /^[\x21-\x2b\x2d-\x39\x3b-\x7e]+$/;
/** The id of a pepper that is configured without one. */
const DEFAULT_ID = '0';

/** `TOKEN_PEPPER` is malformed. The message says what is wrong and where, but contains no part of the text. */
export class PepperFormatError extends Error {
  override readonly name = 'PepperFormatError';
}

export interface Pepper {
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * The server-side HMAC keys of refresh tokens. Each family stores the id of its key, so a new pepper can be added
 * while the old one still verifies existing tokens.
 *
 * ```
 * peppers = secret | id ":" secret *( "," id ":" secret )
 * id      = 1*16( ALPHA | DIGIT | "_" | "-" )
 * secret  = 1*( visible ASCII without "," and ":" )      base64, base64url and hex all fit
 * ```
 *
 * A text that contains `:` or `,` is always a list, so a secret cannot contain them; a single secret has the id
 * `0`. To replace `S`, configure `new:S2,0:S`: the first pepper is the current one.
 */
export class Peppers {
  readonly current: Pepper;
  /** Length of the shortest secret in bytes. */
  readonly shortestBytes: number;
  /** The number of different characters in the current secret. */
  readonly variety: number;
  readonly #keys: ReadonlyMap<string, KeyObject>;

  private constructor(entries: readonly (readonly [id: string, secret: string])[]) {
    this.#keys = new Map(entries.map(([id, secret]) => [id, createSecretKey(Buffer.from(secret, 'ascii'))]));
    const [id] = entries[0]!;
    this.current = Object.freeze({ id, key: this.#keys.get(id)! });
    this.shortestBytes = Math.min(...entries.map(([, secret]) => secret.length));
    this.variety = new Set(entries[0]![1]).size;
  }

  /** @throws PepperFormatError */
  static parse(text: string): Peppers {
    if (!/[:,]/.test(text)) {
      if (!SECRET.test(text)) throw new PepperFormatError('the secret must be visible ASCII and not empty');
      return new Peppers([[DEFAULT_ID, text]]);
    }
    const entries = text.split(',').map((entry, index) => {
      const [id, secret, ...rest] = entry.split(':');
      const where = `entry ${index + 1}`;
      if (secret === undefined) {
        throw new PepperFormatError(`${where} must be id:secret (a secret cannot contain "," or ":")`);
      }
      if (rest.length > 0) throw new PepperFormatError(`${where} contains more than one ":"`);
      if (!ID.test(id!))
        throw new PepperFormatError(`${where}: the id must be 1 to 16 characters of A-Z a-z 0-9 _ -`);
      if (!SECRET.test(secret)) {
        throw new PepperFormatError(`${where}: the secret must be visible ASCII and not empty`);
      }
      return [id!, secret] as const;
    });
    if (new Set(entries.map(([id]) => id)).size < entries.length) {
      throw new PepperFormatError('two entries have the same id');
    }
    return new Peppers(entries);
  }

  /** Whether a secret is one of the peppers. */
  has(secret: string): boolean {
    const key = createSecretKey(Buffer.from(secret));
    return [...this.#keys.values()].some((pepper) => pepper.equals(key));
  }

  get(id: string): KeyObject | undefined {
    return this.#keys.get(id);
  }

  /** Only the ids, so that logging this object reveals no secret. */
  toJSON(): { ids: string[] } {
    return { ids: [...this.#keys.keys()] };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Peppers(${[...this.#keys.keys()].join(', ')})`;
  }
}

/**
 * Adds a new secret in front of the current `TOKEN_PEPPER`, so that existing sessions stay valid.
 *
 * @param text the current value; absent or empty if there is none yet
 * @param name the id of the new pepper; gets a number if it is taken
 * @throws PepperFormatError
 */
export function rotatedPeppers(
  text: string | undefined,
  secret: string,
  name: string,
): { text: string; id: string } {
  if (text === undefined || text === '') return { text: `${name}:${secret}`, id: name };
  const id = freeId(name, Peppers.parse(text).toJSON().ids);
  const entries = /[:,]/.test(text) ? text.split(',') : [`${DEFAULT_ID}:${text}`];
  return { text: [`${id}:${secret}`, ...entries].join(','), id };
}

/** @returns the name, with a number if it is taken */
export function freeId(name: string, taken: readonly string[]): string {
  let id = name;
  for (let number = 2; taken.includes(id); number++) id = `${name}-${number}`;
  return id;
}

import { hash, randomBytes } from 'node:crypto';

const DEFAULT_CAPACITY = 2 ** 20;
/** How many neighbouring slots an entry may lie in. At half load a full window is rarer than one in a million. */
const WINDOW = 64;

/** A slot is 24 bytes: its expiry as a double, then 64 bits of key identity and 64 of the use's fingerprint. */
const DOUBLES = 3;
const WORDS = 6;
const NEVER_USED = Number.NEGATIVE_INFINITY;

/** The 32 bits at that place of a string that holds a byte in each character. */
function word(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) |
      (bytes.charCodeAt(at + 1) << 8) |
      (bytes.charCodeAt(at + 2) << 16) |
      (bytes.charCodeAt(at + 3) << 24)) >>>
    0
  );
}

/**
 * One value for the method, path and token of a request, as {@link ReplayMemory.claim} compares them: 43 characters of
 * Base64url, SHA-256. Holds none of them in the clear; but it is unkeyed, so `token` must not be a guessable secret
 * such as a password where the digest leaves the process.
 */
export function digestUse(method: string, path: string, token: string): string {
  // JSON quotes each part, so no two triples join to the same text, whatever characters they hold
  return hash('sha256', JSON.stringify([method, path, token]), 'base64url');
}

/**
 * Remembers which GUID was used for what, so that a second use for something else is noticed. Of one process; fixed in
 * size (24 bytes a slot, taken when it is made), since what it holds is in the hands of callers.
 *
 * Availability first: where too many live entries meet, the one that would expire soonest is forgotten.
 */
export class ReplayMemory {
  /** Slots, a power of two. */
  readonly capacity: number;

  /** How many live entries have been forgotten for want of room: a reason to ask for more slots when it grows. */
  forgotten = 0;

  private readonly words: Uint32Array;
  private readonly expiries: Float64Array;
  private readonly mask: number;
  private readonly window: number;
  // of this process alone: whoever cannot compute the hash cannot choose entries that collide
  private readonly secret = randomBytes(32).toString('base64url');

  /** @param options.capacity slots, rounded up to a power of two; 2^20 (24 MiB) when absent */
  constructor(options: { capacity?: number } = {}) {
    const wanted = options.capacity ?? DEFAULT_CAPACITY;
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > 2 ** 26) {
      throw new RangeError('the capacity is not a whole number from 1 to 2^26');
    }
    this.capacity = 2 ** Math.ceil(Math.log2(wanted));
    this.mask = this.capacity - 1;
    this.window = Math.min(WINDOW, this.capacity);
    const memory = new ArrayBuffer(this.capacity * DOUBLES * 8);
    this.words = new Uint32Array(memory);
    // written, not merely reserved: the system hands out the pages now and not under load
    this.expiries = new Float64Array(memory).fill(NEVER_USED);
  }

  /**
   * Claims a GUID for a use: `first` when it is not remembered, `retry` when it is and for this same use, `replay` when
   * it is for another one, which changes nothing.
   *
   * @param ownerId the project; equal GUIDs of two projects have nothing to do with each other
   * @param use {@link digestUse} of the request
   * @param expiresAt until when, inclusively, the GUID is remembered; a retry may only move it on. ms since the epoch
   * @param now ms since the epoch
   */
  claim(
    ownerId: string,
    guid: string,
    use: Buffer | string,
    expiresAt: number,
    now: number,
  ): 'first' | 'retry' | 'replay' {
    return this.judge(ownerId, guid, use, expiresAt, now);
  }

  /** As {@link claim}, and changes nothing. */
  recall(ownerId: string, guid: string, use: Buffer | string, now: number): 'first' | 'retry' | 'replay' {
    return this.judge(ownerId, guid, use, null, now);
  }

  /** @param expiresAt `null`: nothing is remembered */
  private judge(
    ownerId: string,
    guid: string,
    use: Buffer | string,
    expiresAt: number | null,
    now: number,
  ): 'first' | 'retry' | 'replay' {
    const { words, expiries, mask } = this;
    const text = typeof use === 'string' ? use : use.toString('latin1');
    // the owner's length in front: ("a", "bc") and ("ab", "c") are different keys
    const key = hash('sha256', `${this.secret}k${ownerId.length}:${ownerId}${guid}`, 'binary');
    const fingerprint = hash('sha256', `${this.secret}u${text}`, 'binary');
    const key0 = word(key, 0);
    const key1 = word(key, 4);
    const use0 = word(fingerprint, 0);
    const use1 = word(fingerprint, 4);

    const home = word(key, 8);
    let free = -1;
    let soonest = -1;
    for (let i = 0; i < this.window; i++) {
      const slot = (home + i) & mask;
      const expiry = expiries[slot * DOUBLES] ?? NEVER_USED;
      if (expiry === NEVER_USED) {
        // nothing was ever put behind a slot that has always been empty
        if (free < 0) free = slot;
        break;
      }
      const at = slot * WORDS + 2;
      if (words[at] === key0 && words[at + 1] === key1) {
        if (expiry < now) {
          // its own slot again, so that a key never has two: a clock put back would revive the other
          free = slot;
          break;
        }
        if (words[at + 2] !== use0 || words[at + 3] !== use1) return 'replay';
        if (expiresAt !== null && expiresAt > expiry) expiries[slot * DOUBLES] = expiresAt;
        return 'retry';
      }
      if (expiry < now) {
        if (free < 0) free = slot;
      } else if (soonest < 0 || expiry < (expiries[soonest * DOUBLES] ?? 0)) {
        soonest = slot;
      }
    }

    if (expiresAt === null) return 'first';
    if (free < 0) this.forgotten++;
    const slot = free < 0 ? soonest : free;
    const at = slot * WORDS + 2;
    words[at] = key0;
    words[at + 1] = key1;
    words[at + 2] = use0;
    words[at + 3] = use1;
    expiries[slot * DOUBLES] = expiresAt;
    return 'first';
  }
}

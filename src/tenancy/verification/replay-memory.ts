import { hash, randomBytes } from 'node:crypto';
import { Topic } from '../../diagnostics/topic.js';

/** Published when a used GUID is forgotten early, for lack of room. */
export const replayEvictions = new Topic<void>('bo-auth:replay-eviction');

const DEFAULT_CAPACITY = 2 ** 20;
/** Number of adjacent slots to probe. At half load, fewer than one window in a million is full. */
const WINDOW = 64;

/**
 * A slot has 24 bytes: the expiry as a double, 48 bits of the key's hash, 16 bits for the project and 64 bits of the
 * use's hash.
 */
const DOUBLES = 3;
const WORDS = 6;
/** The bits of a slot's second word that hold the project's number. */
const TAG = 0xffff;
/** What the memory holds at first. No GUID expires in 1970. */
const NEVER_USED = 0;
/** Always expired; unlike a never-used slot, it does not end a probe. */
const RELEASED = -Number.MAX_VALUE;

/** Reads 32 bits, little-endian, from a binary string (one byte in each character). */
function word(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) |
      (bytes.charCodeAt(at + 1) << 8) |
      (bytes.charCodeAt(at + 2) << 16) |
      (bytes.charCodeAt(at + 3) << 24)) >>>
    0
  );
}

/** `first`: not stored before; `retry`: stored for the same use; `replay`: stored for a different use. */
export type ReplayVerdict = 'first' | 'retry' | 'replay';

/**
 * Stores which GUID was used for which request, to detect a second use for a different request. Local to the process.
 * The size is fixed (24 bytes a slot, reserved up front), so callers cannot exhaust the memory.
 *
 * Availability first: if too many live entries collide, one is evicted. The project with the most entries there gives
 * up the one that expires soonest, so that a project that fills the memory loses its own GUIDs and not its neighbours'.
 *
 * Not a Map or an LRU cache: they keep both texts, which are several times as large as a slot, and an LRU cache evicts by
 * last use instead of expiry.
 */
export class ReplayMemory {
  /** Slots, a power of two. */
  readonly capacity: number;

  /** Number of live entries evicted for lack of room. If it grows, the capacity is too small. */
  evicted = 0;

  /** A number for each project, in the order of their first requests. */
  private readonly tags = new Map<string, number>();
  private readonly words: Uint32Array;
  private readonly expiries: Float64Array;
  private readonly mask: number;
  private readonly window: number;
  // random for each process: without it, callers could choose GUIDs that collide
  private readonly secret = randomBytes(32).toString('base64url');

  /** @param options.capacity slots, rounded up to a power of two; default 2^20 (24 MiB) */
  constructor(options: { capacity?: number } = {}) {
    const wanted = options.capacity ?? DEFAULT_CAPACITY;
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > 2 ** 26) {
      throw new RangeError('capacity must be a whole number from 1 to 2^26');
    }
    this.capacity = 2 ** Math.ceil(Math.log2(wanted));
    this.mask = this.capacity - 1;
    this.window = Math.min(WINDOW, this.capacity);
    const memory = new ArrayBuffer(this.capacity * DOUBLES * 8);
    this.words = new Uint32Array(memory);
    this.expiries = new Float64Array(memory);
  }

  /**
   * Claims a GUID for a use.
   *
   * @param ownerId the project; equal GUIDs of two projects are unrelated
   * @param use the digest of the request, see {@link RequestUse}
   * @param expiresAt how long to store the GUID (inclusive, ms since the epoch); a retry can only extend it
   * @param now ms since the epoch
   * @returns `first` if the GUID was not stored, `retry` if it was stored for the same use, `replay` if it was stored
   *   for a different use; a replay changes nothing
   */
  claim(ownerId: string, guid: string, use: Buffer | string, expiresAt: number, now: number): ReplayVerdict {
    return this.lookUp(ownerId, guid, use, expiresAt, now);
  }

  /** Like {@link claim}, but stores nothing. */
  check(ownerId: string, guid: string, use: Buffer | string, now: number): ReplayVerdict {
    return this.lookUp(ownerId, guid, use, null, now);
  }

  /** Forgets a GUID if it is stored for this use, so that a different request can claim it. */
  release(ownerId: string, guid: string, use: string): void {
    if (this.check(ownerId, guid, use, RELEASED) !== 'retry') return;
    const { words, expiries, mask } = this;
    const key = this.keyOf(ownerId, guid);
    const key0 = word(key, 0);
    const key1 = this.tagged(ownerId, word(key, 4));
    const home = word(key, 8);
    for (let i = 0; i < this.window; i++) {
      const slot = (home + i) & mask;
      const at = slot * WORDS + 2;
      if (words[at] !== key0 || words[at + 1] !== key1) continue;
      expiries[slot * DOUBLES] = RELEASED;
      return;
    }
  }

  /** Replaces the low bits of the second word by the number of the project. */
  private tagged(ownerId: string, key1: number): number {
    let tag = this.tags.get(ownerId);
    if (tag === undefined) this.tags.set(ownerId, (tag = this.tags.size & TAG));
    return ((key1 & ~TAG) | tag) >>> 0;
  }

  /** @returns the slot to reuse, of those that follow `home`, all of which are live */
  private evict(home: number, claimant: number): number {
    const { words, expiries, mask } = this;
    const slots = Array.from({ length: this.window }, (_, i) => (home + i) & mask);
    const tagOf = (slot: number) => (words[slot * WORDS + 3] ?? 0) & TAG;
    const expiryOf = (slot: number) => expiries[slot * DOUBLES] ?? 0;
    const entries = new Map([[claimant, 1]]);
    for (const slot of slots) entries.set(tagOf(slot), (entries.get(tagOf(slot)) ?? 0) + 1);
    const share = (slot: number) => entries.get(tagOf(slot)) ?? 0;
    this.evicted++;
    replayEvictions.publish();
    return slots.reduce((victim, slot) => {
      const more = share(slot) - share(victim);
      return more > 0 || (more === 0 && expiryOf(slot) < expiryOf(victim)) ? slot : victim;
    });
  }

  /** The length prefix keeps ("a", "bc") and ("ab", "c") apart. */
  private keyOf(ownerId: string, guid: string): string {
    return hash('sha256', `${this.secret}k${ownerId.length}:${ownerId}${guid}`, 'binary');
  }

  /** @param expiresAt `null` to store nothing */
  private lookUp(
    ownerId: string,
    guid: string,
    use: Buffer | string,
    expiresAt: number | null,
    now: number,
  ): ReplayVerdict {
    const { words, expiries, mask } = this;
    const text = typeof use === 'string' ? use : use.toString('latin1');
    const key = this.keyOf(ownerId, guid);
    const fingerprint = hash('sha256', `${this.secret}u${text}`, 'binary');
    const key0 = word(key, 0);
    const key1 = this.tagged(ownerId, word(key, 4));
    const use0 = word(fingerprint, 0);
    const use1 = word(fingerprint, 4);

    const home = word(key, 8);
    let free = -1;
    for (let i = 0; i < this.window; i++) {
      const slot = (home + i) & mask;
      const expiry = expiries[slot * DOUBLES] ?? NEVER_USED;
      if (expiry === NEVER_USED) {
        // a never-used slot ends the probe: no entry was ever stored after it
        if (free < 0) free = slot;
        break;
      }
      const at = slot * WORDS + 2;
      if (words[at] === key0 && words[at + 1] === key1) {
        if (expiry < now) {
          // reuse the key's own slot: a second, expired one would become live again if the clock were set back
          free = slot;
          break;
        }
        if (words[at + 2] !== use0 || words[at + 3] !== use1) return 'replay';
        if (expiresAt !== null && expiresAt > expiry) expiries[slot * DOUBLES] = expiresAt;
        return 'retry';
      }
      if (expiry < now && free < 0) free = slot;
    }

    if (expiresAt === null) return 'first';
    const slot = free < 0 ? this.evict(home, key1 & TAG) : free;
    const at = slot * WORDS + 2;
    words[at] = key0;
    words[at + 1] = key1;
    words[at + 2] = use0;
    words[at + 3] = use1;
    expiries[slot * DOUBLES] = expiresAt;
    return 'first';
  }
}

import { z } from 'zod';

/** A login whose password is compared, or was wrong. */
export interface Guess {
  readonly id: string;
  readonly network: string;
  /** ms since the epoch */
  readonly at: number;
}

export interface LoginLimits {
  readonly maxFailures: number;
  /** For how long failures count, and for how long a lock lasts. */
  readonly lockMs: number;
}

/** From all networks together, this many times as many failures lock. */
const EVERYWHERE_FACTOR = 20;
/** The key of the lock for all networks. */
const EVERYWHERE = '*';

/** No comparison takes this long: the process has ended meanwhile. */
const CUT_OFF_MS = 30_000;

const guesses = z.array(z.tuple([z.string(), z.string(), z.number()]));
const recordSchema = z.object({
  failed: guesses,
  underWay: guesses,
  locks: z.array(z.tuple([z.string(), z.number()])),
});

/** What began with a failure: a lock for its network, or for all networks. */
export type LockScope = 'network' | 'everywhere';

/** Whether a login may compare a password. `full`: not before one that is under way has ended. */
export type Admission =
  { readonly kind: 'free' | 'full' } | { readonly kind: 'locked'; readonly until: number };

/**
 * The failed logins of one user name, those under way, and the locks that follow from them. Immutable.
 *
 * A login under way counts like a failure until it has ended; otherwise guesses that are sent at once would all be
 * compared before the first of them has failed.
 */
export class LoginRecord {
  private constructor(
    private readonly failed: readonly Guess[],
    private readonly underWay: readonly Guess[],
    /** Until when a network is locked, in ms since the epoch. */
    private readonly locks: ReadonlyMap<string, number>,
  ) {}

  /**
   * @param text of {@link toString}; `null`, and what nobody can have written, is an empty record
   * @returns what still counts at this time
   */
  static read(text: string | null, limits: LoginLimits, now: number): LoginRecord {
    const { failed, underWay, locks } = parsed(text);
    const known = new LoginRecord(failed.map(guessOf), underWay.map(guessOf), new Map(locks));
    return known.at(now, limits);
  }

  toString(): string {
    return JSON.stringify({
      failed: this.failed.map(tupleOf),
      underWay: this.underWay.map(tupleOf),
      locks: [...this.locks],
    });
  }

  get isEmpty(): boolean {
    return this.failed.length + this.underWay.length + this.locks.size === 0;
  }

  /** The end of the last lock; `null` if there is none. */
  get lockedUntil(): number | null {
    return this.locks.size === 0 ? null : Math.max(...this.locks.values());
  }

  /** When nothing of this counts any more. */
  expiresAt({ lockMs }: LoginLimits): number {
    const failed = this.failed.map(({ at }) => at + lockMs);
    const underWay = this.underWay.map(({ at }) => at + Math.max(lockMs, CUT_OFF_MS));
    return Math.max(...failed, ...underWay, ...this.locks.values());
  }

  /** Whether logins from this network are locked, or have to wait. */
  ofNetwork(network: string, { maxFailures }: LoginLimits): Admission {
    const isHere = (guess: Guess) => guess.network === network;
    const counted = this.failed.filter(isHere).length + this.underWay.filter(isHere).length;
    return admission(this.locks.get(network), counted < maxFailures);
  }

  /** The same for all networks together. */
  ofAll({ maxFailures }: LoginLimits): Admission {
    const counted = this.failed.length + this.underWay.length;
    return admission(this.locks.get(EVERYWHERE), counted < EVERYWHERE_FACTOR * maxFailures);
  }

  begin(guess: Guess): LoginRecord {
    return new LoginRecord(this.failed, [...this.underWay, guess], this.locks);
  }

  /** @returns the record with the locks that follow */
  fail(guess: Guess, now: number, limits: LoginLimits): LoginRecord {
    const { failed, underWay, locks } = this.withdraw(guess);
    return new LoginRecord([...failed, { ...guess, at: now }], underWay, locks).locked(limits);
  }

  /** Forgets the failures from the network. */
  succeed(guess: Guess): LoginRecord {
    const { failed, underWay, locks } = this.withdraw(guess);
    const isElsewhere = (network: string) => network !== guess.network;
    return new LoginRecord(
      failed.filter(({ network }) => isElsewhere(network)),
      underWay,
      new Map([...locks].filter(([network]) => isElsewhere(network))),
    );
  }

  /** The password was not compared. */
  withdraw({ id }: Guess): LoginRecord {
    return new LoginRecord(
      this.failed,
      this.underWay.filter((other) => other.id !== id),
      this.locks,
    );
  }

  /** The locks that the other record does not have. */
  locksSince(before: LoginRecord): LockScope[] {
    return [...this.locks.keys()]
      .filter((network) => !before.locks.has(network))
      .map((network) => (network === EVERYWHERE ? 'everywhere' : 'network'));
  }

  private at(now: number, limits: LoginLimits): LoginRecord {
    const counts = ({ at }: Guess) => at > now - limits.lockMs;
    const isCutOff = ({ at }: Guess) => at <= now - CUT_OFF_MS;
    return new LoginRecord(
      [...this.failed, ...this.underWay.filter(isCutOff)].filter(counts),
      this.underWay.filter((guess) => !isCutOff(guess)),
      new Map([...this.locks].filter(([, until]) => until > now)),
    ).locked(limits);
  }

  private locked(limits: LoginLimits): LoginRecord {
    const locks = new Map(this.locks);
    // Counted in one pass: a name may have thousands of failures, from as many networks.
    const counted = new Map<string, { failures: number; lastAt: number }>();
    for (const { network, at } of this.failed)
      for (const name of [network, EVERYWHERE]) {
        const { failures, lastAt } = counted.get(name) ?? { failures: 0, lastAt: at };
        counted.set(name, { failures: failures + 1, lastAt: Math.max(lastAt, at) });
      }
    for (const [name, { failures, lastAt }] of counted) {
      const max = name === EVERYWHERE ? EVERYWHERE_FACTOR * limits.maxFailures : limits.maxFailures;
      if (failures >= max && !locks.has(name)) locks.set(name, lastAt + limits.lockMs);
    }
    return new LoginRecord(this.failed, this.underWay, locks);
  }
}

function admission(lockedUntil: number | undefined, hasRoom: boolean): Admission {
  if (lockedUntil !== undefined) return { kind: 'locked', until: lockedUntil };
  return { kind: hasRoom ? 'free' : 'full' };
}

function parsed(text: string | null): z.output<typeof recordSchema> {
  const none = { failed: [], underWay: [], locks: [] };
  if (text === null) return none;
  try {
    return recordSchema.safeParse(JSON.parse(text)).data ?? none;
  } catch {
    return none;
  }
}

const guessOf = ([id, network, at]: readonly [string, string, number]): Guess => ({ id, network, at });
const tupleOf = ({ id, network, at }: Guess): [string, string, number] => [id, network, at];

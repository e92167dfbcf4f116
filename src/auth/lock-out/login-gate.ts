import { Inject, Injectable } from '@nestjs/common';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../../config/clock.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { errors } from '../../response/error/error-catalogue.js';
import { KeyedQueue } from './keyed-queue.js';
import { LoginFailures, type RecordKey } from './login-failures.js';
import { type Admission, type Guess, type LoginLimits, LoginRecord } from './login-record.js';
import { UsualNetworks } from './usual-networks.js';

/** How long a login waits for others of the same user that are under way, in ms. */
const MAX_WAIT_MS = 2_000;
const POLL_MS = 25;
/** Attempts to write a record that other processes write at the same time. */
const MAX_ATTEMPTS = 20;

/** Whose password a client from this network wants to have compared. */
export interface Attempt {
  readonly ownerId: string;
  readonly userName: string;
  /** `null`: there is no such user. */
  readonly userId: string | null;
  readonly network: string;
  readonly limits: LoginLimits;
  /** Aborted when the client disconnects. */
  readonly signal?: AbortSignal;
}

/** An attempt that may be compared now. */
export interface Admitted extends Attempt {
  readonly key: RecordKey;
  readonly guess: Guess;
}

type Refusal = Extract<Admission, { readonly kind: 'locked' }>;

/** Admits as many logins at once as may fail. */
@Injectable()
export class LoginGate {
  private readonly secret: Buffer;
  /** Reads and writes of one record take turns, so that only other processes can come between. */
  private readonly turns = new KeyedQueue();
  /** So do the logins of one user and network that wait for others to end. */
  private readonly waiting = new KeyedQueue();
  /** Logins under way that are in no record, at most one of a user: with it, a login of a user without failures writes nothing. */
  private readonly unwritten = new Map<string, Guess>();

  constructor(
    private readonly clock: Clock,
    private readonly failures: LoginFailures,
    private readonly usual: UsualNetworks,
    @Inject(CONFIG) { peppers }: Config,
  ) {
    this.secret = Buffer.from(
      hkdfSync('sha256', peppers.current.key, Buffer.alloc(0), 'bo-auth login names', 32),
    );
  }

  keyOf(ownerId: string, userName: string): RecordKey {
    return { ownerId, nameHash: createHmac('sha256', this.secret).update(userName).digest('base64url') };
  }

  /** @throws UNAVAILABLE if too many logins of the user are under way for too long */
  admit(attempt: Attempt): Promise<Admitted | Refusal> {
    const { ownerId, userName, network, signal } = attempt;
    const key = this.keyOf(ownerId, userName);
    const deadline = performance.now() + MAX_WAIT_MS;
    return this.waiting.run(`${nameOf(key)} ${network}`, async () => {
      for (;;) {
        if (signal?.aborted === true) throw unavailable('the client disconnected while its login waited');
        const guess = { id: randomBytes(6).toString('base64url'), network, at: this.clock.now() };
        const admitted: Admitted = { ...attempt, key, guess };
        const verdict = await this.turns.run(nameOf(key), () => this.begin(admitted));
        if (verdict.kind === 'locked') return verdict;
        if (verdict.kind === 'free') return admitted;
        if (performance.now() > deadline) throw unavailable('too many logins of the user are under way');
        await sleep(POLL_MS);
      }
    });
  }

  /** Call when an admitted login has ended. @returns the record before and after it */
  end(
    admitted: Admitted,
    outcome: 'succeed' | 'fail' | 'withdraw',
  ): Promise<{ before: LoginRecord; after: LoginRecord }> {
    const { key, guess, limits } = admitted;
    return this.turns.run(nameOf(key), async () => {
      if (this.unwritten.get(nameOf(key))?.id === guess.id) this.unwritten.delete(nameOf(key));
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const now = this.clock.now();
        const seen = await this.failures.find(key);
        const before = LoginRecord.read(seen, limits, now);
        const after = outcome === 'fail' ? before.fail(guess, now, limits) : before[outcome](guess);
        if (after.toString() === before.toString() || (await this.replace(admitted, seen, after)))
          return { before, after };
        await backOff();
      }
      throw lostRaces();
    });
  }

  private async begin(admitted: Admitted): Promise<Admission> {
    const { key, guess, limits } = admitted;
    const unwritten = this.unwritten.get(nameOf(key));
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const seen = await this.failures.find(key);
      const record = LoginRecord.read(seen, limits, this.clock.now());
      if (record.isEmpty && unwritten === undefined) {
        this.unwritten.set(nameOf(key), guess);
        return { kind: 'free' };
      }
      const verdict = await this.judge(unwritten === undefined ? record : record.begin(unwritten), admitted);
      if (verdict.kind !== 'free' || (await this.replace(admitted, seen, record.begin(guess))))
        return verdict;
      await backOff();
    }
    throw lostRaces();
  }

  private async judge(
    record: LoginRecord,
    { ownerId, userId, network, limits }: Admitted,
  ): Promise<Admission> {
    const here = record.ofNetwork(network, limits);
    const everywhere = record.ofAll(limits);
    if (everywhere.kind === 'free') return here;
    // Also asked for unknown users: the response time must not tell them apart.
    if (await this.usual.has(ownerId, userId ?? '', network, this.clock.now())) return here;
    if (here.kind !== 'locked') return everywhere;
    return everywhere.kind === 'locked' && everywhere.until > here.until ? everywhere : here;
  }

  private replace(
    { key, userId, limits }: Admitted,
    seen: string | null,
    next: LoginRecord,
  ): Promise<boolean> {
    const stored = next.isEmpty
      ? null
      : {
          text: next.toString(),
          userId,
          lockedUntil: next.lockedUntil,
          expiresAt: next.expiresAt(limits),
        };
    return this.failures.replace(key, seen, stored, this.clock.now());
  }
}

const nameOf = ({ ownerId, nameHash }: RecordKey) => `${ownerId}/${nameHash}`;

const backOff = () => sleep(Math.random() * POLL_MS);

const unavailable = (detail: string) => errors.UNAVAILABLE({ detail, retryAfter: 1 });

const lostRaces = () => unavailable('other logins of the user changed its record again and again');

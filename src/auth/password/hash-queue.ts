import pLimit from 'p-limit';
import { Topic } from '../../diagnostics/topic.js';
import { errors } from '../../response/error/error-catalogue.js';

/** For whom a password is hashed. */
export interface HashFor {
  readonly ownerId: string;
  /** The network of the client; empty for the work of an administrator, which waits as long as it takes. */
  readonly network: string;
  /** Aborted when the client disconnects: a hash that still waits is then not computed. */
  readonly signal?: AbortSignal;
}

/** Published when a password is hashed, or compared with a hash. */
export const passwordHashes = new Topic<void>('bo-auth:password-hash');

/** Computes a hash. Never rejects. */
type Start = () => Promise<void>;

/** How long a login waits for its turn, in ms. */
const MAX_WAIT_MS = 2_000;
/** With this many hashes waiting, another one would only time out. */
const MAX_PER_NETWORK = 250;
const MAX_PER_PROJECT = 1_000;

/**
 * Computes a few password hashes at a time. Projects take turns, and so do the client networks of a project, so that
 * a flood of logins delays only those who sent it. A login that waits for too long is refused: its client would give up,
 * and send it again.
 *
 * A login that needs several hashes takes a turn for each, so that other projects do not wait for all of them.
 */
export class HashQueue {
  private readonly limit;
  /** By project and network, the next one first. No entry is empty. */
  private readonly waiting = new Map<string, Map<string, Set<Start>>>();

  constructor(
    concurrency: number,
    private readonly maxWaitMs = MAX_WAIT_MS,
  ) {
    this.limit = pLimit(concurrency);
  }

  /**
   * Goes on with a login that had its first turn: before all others of its project, and it is never refused. Else a guess
   * that was wrong could be withdrawn before it counts as a failure, and a project would have more and more half-done logins.
   */
  goOn<T>({ ownerId, network }: HashFor, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // The password was counted at its first turn.
      this.addFirst(ownerId, network, () => work().then(resolve, reject));
      void this.limit(() => this.take()?.());
    });
  }

  /** @throws UNAVAILABLE if too many wait already, or if it waits too long or its client disconnects meanwhile */
  run<T>({ ownerId, network, signal }: HashFor, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const start: Start = () => {
        signal?.removeEventListener('abort', gone);
        clearTimeout(timer);
        passwordHashes.publish();
        return work().then(resolve, reject);
      };
      const giveUp = (detail: string): void => {
        signal?.removeEventListener('abort', gone);
        clearTimeout(timer);
        this.remove(ownerId, network, start);
        reject(errors.UNAVAILABLE({ detail, retryAfter: 1 }));
      };
      const gone = (): void => giveUp('the client disconnected while its login waited');
      if (signal?.aborted === true) return gone();
      if (!this.add(ownerId, network, start)) return giveUp('too many logins are waiting');
      signal?.addEventListener('abort', gone, { once: true });
      if (network !== '')
        timer = setTimeout(() => giveUp('the login waited for too long'), this.maxWaitMs).unref();
      // One call for each hash, but not for this one: it starts the hash whose turn it is.
      void this.limit(() => this.take()?.());
    });
  }

  private add(ownerId: string, network: string, start: Start): boolean {
    const networks = this.waiting.get(ownerId) ?? new Map<string, Set<Start>>();
    const own = networks.get(network) ?? new Set();
    let ofProject = 0;
    for (const { size } of networks.values()) ofProject += size;
    if (own.size >= MAX_PER_NETWORK || ofProject >= MAX_PER_PROJECT) return false;
    this.waiting.set(ownerId, networks.set(network, own.add(start)));
    return true;
  }

  private addFirst(ownerId: string, network: string, start: Start): void {
    const networks = this.waiting.get(ownerId);
    const own = new Set([start, ...(networks?.get(network) ?? [])]);
    // The first of two entries with one key gives the place, the last the value.
    this.waiting.set(ownerId, new Map([[network, own], ...(networks ?? []), [network, own]]));
  }

  private remove(ownerId: string, network: string, start: Start): void {
    const networks = this.waiting.get(ownerId);
    const own = networks?.get(network);
    if (own?.delete(start) === true && own.size === 0) networks?.delete(network);
    if (networks?.size === 0) this.waiting.delete(ownerId);
  }

  /** Takes the next one, and moves its project and its network to the end. */
  private take(): Start | undefined {
    for (const [ownerId, networks] of this.waiting)
      for (const [network, own] of networks)
        for (const start of own) {
          own.delete(start);
          networks.delete(network);
          if (own.size > 0) networks.set(network, own);
          this.waiting.delete(ownerId);
          if (networks.size > 0) this.waiting.set(ownerId, networks);
          return start;
        }
    return undefined;
  }
}

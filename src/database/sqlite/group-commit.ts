import { Topic } from '../../diagnostics/topic.js';

/** Published after each shared commit: the number of writes in it. */
export const groupCommits = new Topic<number>('bo-auth:group-commit');

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** The transaction that many callers share. */
export interface SharedCommit<Item, Outcome> {
  /** Two items with the same key never share a commit: the second must see what the first wrote. */
  key(item: Item): string;
  /** Commits all items durably, or throws without committing any. Returns the outcomes in the order of the items. */
  commit(items: readonly Item[]): Promise<readonly Outcome[]>;
  /** Whether the error comes from the whole store and not from one item, so that retrying items one by one is useless. */
  concernsAll(error: unknown): boolean;
}

const MAX_BATCH = 256;

/**
 * Lets concurrent durable writes share one commit. A write submitted while a commit runs joins the next one.
 *
 * Each promise resolves only after its own commit. If one item makes a batch fail, the items are committed one by
 * one, so that one caller's failure does not affect the others.
 *
 * Not a package such as dataloader: it starts a batch in each turn, even while the last one is still being committed,
 * and does not keep two writes of one key apart.
 */
export class GroupCommit<Item, Outcome> {
  private waiting: Waiting<Item, Outcome>[] = [];
  private draining = false;

  constructor(
    private readonly shared: SharedCommit<Item, Outcome>,
    /** Runs the commit while no other write runs. */
    private readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>,
  ) {}

  submit(item: Item): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.draining) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.draining = true;
    while (this.waiting.length > 0) {
      // Take the batch only once the queue runs it: writes that arrive while waiting join it.
      try {
        await this.exclusive(async () => this.commit(this.takeBatch()));
      } catch (error) {
        for (const { reject } of this.waiting.splice(0)) reject(error);
      }
    }
    this.draining = false;
  }

  private takeBatch(): Waiting<Item, Outcome>[] {
    const keys = new Set<string>();
    const batch: Waiting<Item, Outcome>[] = [];
    const later: Waiting<Item, Outcome>[] = [];
    for (const waiting of this.waiting) {
      const key = this.shared.key(waiting.item);
      if (batch.length === MAX_BATCH || keys.has(key)) later.push(waiting);
      else batch.push(waiting);
      keys.add(key);
    }
    this.waiting = later;
    return batch;
  }

  private async commit(batch: readonly Waiting<Item, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.shared.commit(batch.map(({ item }) => item));
      groupCommits.publish(batch.length);
      batch.forEach(({ resolve }, index) => resolve(outcomes[index] as Outcome));
    } catch (error) {
      if (this.shared.concernsAll(error)) {
        // Waiting items need the same lock or disk: reject them now instead of after a second time-out.
        for (const { reject } of [...batch, ...this.waiting.splice(0)]) reject(error);
      } else if (batch.length === 1) {
        batch[0]?.reject(error);
      } else {
        for (const waiting of batch) await this.commit([waiting]);
      }
    }
  }
}

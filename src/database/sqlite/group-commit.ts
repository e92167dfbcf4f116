import { Topic } from '../../diagnostics/topic.js';

/** How many writes a commit held that has just been made. */
export const groupCommits = new Topic<number>('bo-auth:group-commit');

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** The transaction that many callers share. */
export interface SharedCommit<Item, Outcome> {
  /** Two items with the same key never share a commit: the second has to see what the first did. */
  key(item: Item): string;
  /** Commits all items durably, or throws and has committed none; outcomes in the items' order. */
  commit(items: readonly Item[]): Promise<readonly Outcome[]>;
  /** Whether a failure says nothing about any one item, so that trying each alone is no use. */
  concernsAll(error: unknown): boolean;
}

const MAX_BATCH = 256;

/**
 * Lets concurrent durable writes share one commit: what arrives while a commit is under way waits for the next.
 *
 * Each caller is answered only after its own commit. If a batch fails for one member's sake, every member is
 * tried alone, so that one caller's failure touches nobody else's.
 */
export class GroupCommit<Item, Outcome> {
  private waiting: Waiting<Item, Outcome>[] = [];
  private draining = false;

  constructor(
    private readonly shared: SharedCommit<Item, Outcome>,
    /** Runs a commit when nothing else writes. */
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
      // The batch is taken only when the turn has come: the longer the wait, the more share the commit.
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
      groupCommits.tell(batch.length);
      batch.forEach(({ resolve }, index) => resolve(outcomes[index] as Outcome));
    } catch (error) {
      if (this.shared.concernsAll(error)) {
        // Who waited behind this batch waited for the same lock or disk: nobody is kept for a second time-out.
        for (const { reject } of [...batch, ...this.waiting.splice(0)]) reject(error);
      } else if (batch.length === 1) {
        batch[0]?.reject(error);
      } else {
        for (const waiting of batch) await this.commit([waiting]);
      }
    }
  }
}

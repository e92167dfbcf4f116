interface Waiting<Key, Result> {
  readonly key: Key;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BATCH = 256;

/**
 * Lets concurrent reads share one statement. A read submitted while a statement runs joins the next one, so a read
 * never returns data older than the call.
 *
 * node-sqlite3 runs a prepared statement once per turn of the event loop: of 64 separate reads, the last would wait
 * for 64 turns.
 */
export class GroupRead<Key, Result> {
  private waiting: Waiting<Key, Result>[] = [];
  private isReading = false;

  /**
   * @param readAll returns the results in the order of the keys
   * @param concernsAll whether the error comes from the whole store and not from one row
   */
  constructor(
    private readonly readAll: (keys: readonly Key[]) => Promise<readonly Result[]>,
    private readonly concernsAll: (error: unknown) => boolean,
  ) {}

  submit(key: Key): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      if (!this.isReading) void this.read();
    });
  }

  private async read(): Promise<void> {
    this.isReading = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MAX_BATCH);
      try {
        await this.readBatch(batch);
      } catch (error) {
        if (this.concernsAll(error)) for (const { reject } of batch) reject(error);
        // One row that cannot be read must not stand in the way of the others.
        else for (const waiting of batch) await this.readBatch([waiting]).catch(waiting.reject);
      }
    }
    this.isReading = false;
  }

  private async readBatch(batch: readonly Waiting<Key, Result>[]): Promise<void> {
    const results = await this.readAll(batch.map(({ key }) => key));
    batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
  }
}

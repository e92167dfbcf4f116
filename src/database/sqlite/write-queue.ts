import { StoreUnavailable } from '../store-unavailable.js';

/** Work that waited longer than this is rejected, so that the queue behind a slow disk stays bounded. */
const MAX_WAIT_MS = 10_000;

/** Runs one piece of work at a time, in the order of arrival. */
export class WriteQueue {
  private last: Promise<unknown> = Promise.resolve();
  private outages = 0;
  private lastOutage: unknown = null;

  /** @param isOutage whether an error means that the whole store failed, so that queued work would fail too */
  constructor(private readonly isOutage: (error: unknown) => boolean) {}

  /** @throws {StoreUnavailable} when the work waited too long or the store failed meanwhile; the work did not start */
  run<T>(work: () => Promise<T>): Promise<T> {
    const queuedAt = performance.now();
    const { outages } = this;
    const result = this.last.then(() => {
      // The store failed for work ahead of this: fail now instead of waiting for the same time-out again.
      if (outages !== this.outages) throw this.lastOutage;
      if (performance.now() - queuedAt > MAX_WAIT_MS)
        throw new StoreUnavailable('write timed out in the queue');
      return work();
    });
    this.last = result.catch((error: unknown) => this.recordFailure(error));
    return result;
  }

  /** For a failure that does not reject the promise of the work itself. */
  recordFailure(error: unknown): void {
    if (error === this.lastOutage || !this.isOutage(error)) return;
    this.outages++;
    this.lastOutage = error;
  }
}

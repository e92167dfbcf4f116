import { StoreUnavailable } from '../store-unavailable.js';

/** Who waited this long is told so instead of being let in: behind a slow disk no queue may grow for ever. */
const MAX_WAIT_MS = 10_000;

/** Lets one piece of work through at a time, in the order of arrival. */
export class Turnstile {
  private last: Promise<unknown> = Promise.resolve();
  private outages = 0;
  private lastOutage: unknown = null;

  /** @param isOutage whether a failure is the whole store's, and would be everybody's who waits */
  constructor(private readonly isOutage: (error: unknown) => boolean) {}

  /** @throws {StoreUnavailable} when the turn came too late, or the store failed meanwhile; the work was not begun */
  pass<T>(work: () => Promise<T>): Promise<T> {
    const arrived = performance.now();
    const { outages } = this;
    const turn = this.last.then(() => {
      // Who waited behind a time-out waited for the same lock or disk: nobody is kept for a second one.
      if (outages !== this.outages) throw this.lastOutage;
      if (performance.now() - arrived > MAX_WAIT_MS) throw new StoreUnavailable('waited too long to write');
      return work();
    });
    this.last = turn.catch((error: unknown) => this.note(error));
    return turn;
  }

  /** To be told of a failure that the work kept to itself. */
  note(error: unknown): void {
    if (error === this.lastOutage || !this.isOutage(error)) return;
    this.outages++;
    this.lastOutage = error;
  }
}

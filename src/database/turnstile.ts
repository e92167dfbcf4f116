import { StoreUnavailable } from './store-unavailable.js';

/** Who waited this long is told so instead of being let in: behind a stuck disk no queue may grow for ever. */
const MAX_WAIT_MS = 3_000;

/** Lets one piece of work through at a time, in the order of arrival. */
export class Turnstile {
  private last: Promise<unknown> = Promise.resolve();

  /** @throws {StoreUnavailable} when the turn came too late; the work was not begun */
  pass<T>(work: () => Promise<T>): Promise<T> {
    const arrived = performance.now();
    const turn = this.last.then(() => {
      if (performance.now() - arrived > MAX_WAIT_MS) throw new StoreUnavailable('waited too long to write');
      return work();
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

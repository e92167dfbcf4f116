import type { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';

/** How a step ended: by `error`, or else with `result`. */
export interface Ending {
  readonly error?: unknown;
  readonly result?: unknown;
}

export interface StepListener<Details> {
  readonly began: (details: Details) => void;
  /** Gets the very object that {@link began} got. */
  readonly ended: (details: Details, ending: Ending) => void;
}

/**
 * A part of a request's work that takes time, for whoever measures or traces it: as {@link Topic}, with a beginning
 * and an end, and with what happens in between knowing of it.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel
 */
export class Step<Details extends object = object> {
  private readonly channel: TracingChannel<unknown, Details>;

  constructor(readonly name: `bo-auth:${string}`) {
    this.channel = tracingChannel<unknown, Details>(name);
  }

  /** @param details a new object each time: it tells one run from another */
  runSync<Result>(details: Details, work: () => Result): Result {
    return this.isHeard ? this.channel.traceSync(work, details) : work();
  }

  /** As {@link runSync}; has ended when the promise is settled. What answers at once may be made a promise. */
  run<Result>(details: Details, work: () => Promise<Result>): Promise<Result>;
  run<Result>(details: Details, work: () => Result | Promise<Result>): Result | Promise<Result>;
  run<Result>(details: Details, work: () => Result | Promise<Result>): Result | Promise<Result> {
    return this.isHeard ? this.channel.tracePromise(work as () => Promise<Result>, details) : work();
  }

  /** Node.js 20 builds closures and promises for a step that nobody listens to: some 2 µs each, several times a request. */
  private get isHeard(): boolean {
    return this.channel.start.hasSubscribers;
  }

  /** @returns what ends the listening */
  listen({ began, ended }: StepListener<Details>): () => void {
    const channels = {
      start: began,
      // What was synchronous, or threw before there was a promise, has ended here; the rest goes on.
      end: (details: Details & Ending) => {
        if ('result' in details || 'error' in details) ended(details, details);
      },
      asyncStart: () => {},
      asyncEnd: (details: Details & Ending) => ended(details, details),
      error: () => {},
    };
    this.channel.subscribe(channels);
    return () => this.channel.unsubscribe(channels);
  }

  /**
   * While a run of this step is under way, `store` holds what `enter` makes of it.
   *
   * @returns what ends that
   */
  keepIn<Kept>(store: AsyncLocalStorage<Kept>, enter: (details: Details) => Kept): () => void {
    this.channel.start.bindStore(store, enter);
    return () => {
      this.channel.start.unbindStore(store);
    };
  }
}

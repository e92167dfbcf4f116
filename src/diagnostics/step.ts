import type { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import { isPromise } from 'node:util/types';

/** How a step finished: `error` is set if it failed, otherwise `result` is what it returned. */
export interface StepOutcome {
  readonly error?: unknown;
  readonly result?: unknown;
}

export interface StepSubscriber<Details> {
  readonly onStart: (details: Details) => void;
  /** Receives the same `details` object as {@link onStart}. */
  readonly onEnd: (details: Details, outcome: StepOutcome) => void;
}

/**
 * A typed tracing channel for one step of a request's work: like {@link Topic}, but with a start and an end, for
 * durations and spans.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel
 */
export class Step<Details extends object = object> {
  private readonly channel: TracingChannel<unknown, Details>;

  constructor(readonly name: `bo-auth:${string}`) {
    this.channel = tracingChannel<unknown, Details>(name);
  }

  /**
   * Runs `work` and returns its result. If that is a promise, the step ends when it resolves or rejects.
   *
   * @param details a new object for each run; subscribers use its identity as a key
   */
  run<Result>(details: Details, work: () => Result): Result {
    // Without subscribers, Node.js 20 still allocates closures in traceSync: about 2 µs, several times a request.
    return this.channel.start.hasSubscribers ? this.channel.traceSync(work, details) : work();
  }

  /** @returns the function that unsubscribes */
  subscribe({ onStart, onEnd }: StepSubscriber<Details>): () => void {
    const channels = {
      start: onStart,
      end: (details: Details & StepOutcome) => {
        const { result } = details;
        if (isPromise(result)) {
          result.then(
            (value: unknown) => onEnd(details, { result: value }),
            (error: unknown) => onEnd(details, { error }),
          );
        } else onEnd(details, details);
      },
      asyncStart: () => {},
      asyncEnd: () => {},
      error: () => {},
    };
    this.channel.subscribe(channels);
    return () => this.channel.unsubscribe(channels);
  }

  /**
   * Sets `store` to the value of `transform` while this step runs.
   *
   * @returns the function that removes the binding
   */
  bindStore<Stored>(store: AsyncLocalStorage<Stored>, transform: (details: Details) => Stored): () => void {
    this.channel.start.bindStore(store, transform);
    return () => {
      this.channel.start.unbindStore(store);
    };
  }
}

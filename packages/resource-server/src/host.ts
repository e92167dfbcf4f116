/** What the package uses of its process; tests replace it. */
export interface Host {
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch, for the times in tokens. */
  now(): number;
  /** Milliseconds that only go forward: a correction of the clock must not make old news look fresh. */
  monotonic(): number;
  /** A timer that does not keep the process alive. @returns what cancels it */
  after(ms: number, run: () => void): () => void;
}

export const processHost: Host = {
  fetch: (...request) => fetch(...request),
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export function sleep(host: Host, ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((done) => void host.after(ms, done));
}

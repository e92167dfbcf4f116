import type { Host } from './host.js';

/** A tab that holds the lock may be frozen. */
const LIMIT_MS = 2000;

/**
 * Runs one tab at a time, where the browser has Web Locks. It only saves calls: a tab that does not get the lock soon
 * refreshes without it, and the service gives all tabs the same tokens.
 */
export function withLock<T>({ navigator }: Host, name: string, run: () => Promise<T>): Promise<T> {
  const locks = navigator?.locks;
  if (!locks) return run();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), LIMIT_MS);
  let running: Promise<T> | undefined;
  const start = () => {
    clearTimeout(timer);
    return (running ??= run());
  };
  return locks.request(name, { signal: abort.signal }, start).catch(start);
}

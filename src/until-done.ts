/** The longest that a timer can be set to, in ms. */
const FAR_AWAY_MS = 2 ** 31 - 1;

/**
 * Keeps the event loop alive until `work` has ended. Connections and timers that must not delay the exit do not keep it
 * alive, so a start that waits only for them would otherwise end silently with exit code 0.
 */
export async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, FAR_AWAY_MS);
  try {
    return await work();
  } finally {
    clearInterval(hold);
  }
}

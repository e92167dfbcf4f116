/** The interval at which a worker sends its primary a beat, in ms. */
export const BEAT_MS = 1_000;

/** Sends beats as long as the event loop is not blocked. */
export function keepBeating(): void {
  setInterval(() => {
    if (process.connected) process.send?.('beat');
  }, BEAT_MS).unref();
}

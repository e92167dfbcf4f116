/** How often a worker tells its primary that it lives, in ms. */
export const BEAT_MS = 1_000;

/** For as long as the event loop turns. */
export function keepBeating(): void {
  setInterval(() => {
    if (process.connected) process.send?.('beat');
  }, BEAT_MS).unref();
}

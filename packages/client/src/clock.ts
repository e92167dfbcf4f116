import type { Host } from './host.js';

export type Clock = ReturnType<typeof serverClock>;

/** The server's clock, from the device's and the measured difference. */
export function serverClock(ahead: number) {
  const clock = {
    /** The server's clock minus the device's, in ms. */
    ahead,
    now: () => Date.now() + clock.ahead,

    /**
     * Learns from the `Date` of an answer, which is whole seconds. The estimate changes no more than it must: the answer
     * of a request that a frozen tab sent long ago proves little.
     *
     * @param sentAt by the device's clock
     */
    measure(date: string | null | undefined, sentAt: number): void {
      const time = Date.parse(date ?? '');
      if (time) clock.ahead = Math.min(Math.max(clock.ahead, time - Date.now()), time + 1000 - sentAt);
    },

    /** Asks the server of the page, whose `Date` a page may always read; that of another origin is often hidden. */
    async measureByPage({ location, fetch }: Host): Promise<void> {
      const sentAt = Date.now();
      try {
        const options = { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(3000) };
        const answer = await fetch!(location!.href, options);
        clock.measure(answer.headers.get('date'), sentAt);
      } catch {
        // There is no page, or its server does not answer: the refusal stands.
      }
    },
  };
  return clock;
}

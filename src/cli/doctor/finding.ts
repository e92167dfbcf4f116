/** One thing that was looked at. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  readonly about: string;
  readonly says: string;
  /** What the operator should do. */
  readonly todo?: string;
}

export const ok = (about: string, says: string): Finding => ({ level: 'ok', about, says });
export const warning = (about: string, says: string, todo: string): Finding => ({
  level: 'warning',
  about,
  says,
  todo,
});
export const failed = (about: string, says: string, todo: string): Finding => ({
  level: 'error',
  about,
  says,
  todo,
});

/** How far two clocks may differ before the stamps of requests and the ends of tokens suffer, in ms. */
export const CLOCK_TOLERANCE_MS = 5_000;

/** @param other what another clock said, ms since the epoch */
export function comparedClock(about: string, other: number): Finding[] {
  const ahead = Math.round((Date.now() - other) / 1000);
  if (Math.abs(ahead) * 1000 <= CLOCK_TOLERANCE_MS) return [];
  const says = `this clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} that of ${about}`;
  return [warning('clock', says, 'keep all machines by NTP: tokens and XverifyApi are judged by the clock')];
}

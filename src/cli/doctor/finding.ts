/** Standards against which a deployment can be checked. */
export const PROFILES = ['mlps3'] as const;
export type Profile = (typeof PROFILES)[number];

/** The result of one check. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  readonly about: string;
  readonly says: string;
  /** What the operator should do; always set on a warning or an error. */
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

/** How far two clocks may differ before time stamps in requests and token lifetimes are misjudged, in ms. */
export const CLOCK_TOLERANCE_MS = 5_000;

/** @param other the time of the other clock, ms since the epoch */
export function comparedClock(about: string, other: number): Finding[] {
  const ahead = Math.round((Date.now() - other) / 1000);
  if (Math.abs(ahead) * 1000 <= CLOCK_TOLERANCE_MS) return [];
  const says = `this clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} the clock of ${about}`;
  return [
    warning('clock', says, 'synchronise all machines by NTP: tokens and XverifyApi depend on the time'),
  ];
}

import { STALENESS_MS } from '../cache/staleness.js';

/** How far the clocks of two processes may differ. */
export const CLOCK_SLACK_MS = 60_000;

/** When the last token issued under the present state expires; other processes go on using it for the staleness bound. */
export function lastTokenEnds(now: number, accessTokenSeconds: number): number {
  return now + STALENESS_MS + accessTokenSeconds * 1000 + CLOCK_SLACK_MS;
}

/** For how long a token may be valid in any project: a project's tokens live for a day at most. */
export const LONGEST_TOKEN_MS = lastTokenEnds(0, 86_400);

import type { CampaignReport } from './campaign.js';

/** Minimum for each chain of honest clients; a history with fewer contains hardly any race. */
const LEAST_REFRESHES = 10;

type Run = Pick<CampaignReport, 'history' | 'chains' | 'verdict'>;

/** Why the run is inconclusive, or `null` if it has enough evidence. */
export function shortcoming({ history, chains }: Run): string | null {
  const refreshed = history.filter(
    ({ kind, actor, answer }) => kind === 'refresh' && actor === 'honest' && answer?.status === 200,
  ).length;
  if (refreshed >= LEAST_REFRESHES * chains) return null;
  return (
    `only ${refreshed} of ${history.length} requests were successful refreshes of honest clients; ` +
    `${chains} chains need ${LEAST_REFRESHES} each, or little can have gone wrong`
  );
}

/** Exit code. 0: every invariant holds. 1: one is violated. 3: inconclusive. */
export function exitCodeOf(run: Run): 0 | 1 | 3 {
  if (run.verdict.violations.length > 0) return 1;
  return shortcoming(run) === null ? 0 : 3;
}

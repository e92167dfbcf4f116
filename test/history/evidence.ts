import type { CampaignReport } from './campaign.js';

/** Of honest clients, for each chain: with fewer there is hardly a race in the history to judge. */
const LEAST_REFRESHES = 10;

type Run = Pick<CampaignReport, 'history' | 'chains' | 'verdict'>;

/** Why the run proves nothing, though nothing in it may be wrong; `null`: it does prove something. */
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

/** What the command ends with. 0: every promise was kept. 1: one was broken. 3: too little was seen to say. */
export function exitCodeOf(run: Run): 0 | 1 | 3 {
  if (run.verdict.violations.length > 0) return 1;
  return shortcoming(run) === null ? 0 : 3;
}

import { existsSync } from 'node:fs';
import { exitCodeOf } from '../history/evidence.js';
import { killOne, pauseOne, restartOne } from '../history/nemesis.js';
import { reportText } from '../history/report.js';
import { campaignAgainstServers, type ServerCampaignOptions } from '../history/server-campaign.js';
import { ALL_CASES, sample } from '../runner/sample.js';
import { SEED } from '../runner/seed.js';

interface Campaign {
  readonly on: string;
  readonly options: Omit<ServerCampaignOptions, 'seed' | 'chains' | 'length' | 'faultCount'>;
}

/** The pauses make the small one last longer than the shorter of the two grace windows. */
const SIZE = ALL_CASES
  ? { chains: 30, length: { answers: 500 }, faultCount: 3 }
  : { chains: 12, length: { answers: 400 }, faultCount: 2, thinkMs: 150 };

const CAMPAIGNS: readonly Campaign[] = [
  {
    on: 'two server processes on SQLite, killed, restarted and frozen',
    options: {
      processes: 2,
      faults: [killOne, restartOne, pauseOne],
      weather: { echoShare: 0.4 },
      recoversWithinMs: 40_000,
    },
  },
  {
    on: 'several on Postgres and Redis, while all of it is killed, restarted, frozen and flushed',
    options: { processes: ALL_CASES ? 3 : 2, shared: true, faults: [killOne] },
  },
];

describe('the engine keeps every promise', () => {
  it.each(sample(CAMPAIGNS, 1))(
    '$on',
    async ({ options }) => {
      // `npm test` builds first
      expect(existsSync('dist/main.js')).toBe(true);
      const report = await campaignAgainstServers({ ...SIZE, ...options, seed: SEED });
      // a failure shows what a run of the command shows, the seed included
      if (exitCodeOf(report) !== 0 || report.struck.length !== SIZE.faultCount)
        throw new Error(reportText(report, SEED));
    },
    300_000,
  );
});

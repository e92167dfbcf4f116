import { existsSync } from 'node:fs';
import { exitCodeOf } from '../history/evidence.js';
import { killOne, pauseOne, restartOne } from '../history/nemesis.js';
import { reportText } from '../history/report.js';
import { campaignAgainstServers, type ServerCampaignOptions } from '../history/server-campaign.js';
import { sample } from '../runner/sample.js';
import { SEED } from '../runner/seed.js';

interface Campaign {
  readonly on: string;
  readonly options: Omit<ServerCampaignOptions, 'seed'>;
  /** How many faults must have struck; absent: those of the stores strike by chance. */
  readonly struck?: number;
}

const CAMPAIGNS: readonly Campaign[] = [
  {
    on: 'two server processes on SQLite, killed, restarted and frozen',
    options: {
      processes: 2,
      chains: 30,
      length: { answers: 500 },
      faults: [killOne, restartOne, pauseOne],
      faultCount: 3,
      weather: { echoShare: 0.4 },
      recoversWithinMs: 40_000,
    },
    struck: 3,
  },
  {
    on: 'three on Postgres and Redis, while all of it is killed, restarted, frozen and flushed',
    options: {
      processes: 3,
      chains: 20,
      length: { answers: 300 },
      shared: true,
      faults: [killOne],
      faultCount: 3,
    },
  },
];

describe('the engine keeps every promise', () => {
  it.each(sample(CAMPAIGNS, 1))(
    '$on',
    async ({ options, struck }) => {
      // `npm test` builds first
      expect(existsSync('dist/main.js')).toBe(true);
      const report = await campaignAgainstServers({ ...options, seed: SEED });
      // a failure shows what a run of the command shows, the seed included
      if (exitCodeOf(report) !== 0 || (struck !== undefined && report.struck.length !== struck))
        throw new Error(reportText(report, SEED));
    },
    300_000,
  );
});

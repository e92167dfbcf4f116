import { existsSync } from 'node:fs';
import { exitCodeOf } from '../history/evidence.js';
import { killOne, pauseOne, restartOne } from '../history/nemesis.js';
import { reportText } from '../history/report.js';
import { campaignAgainstServers } from '../history/server-campaign.js';
import { SEED } from '../runner/seed.js';

describe('two server processes on one database', () => {
  it('keep every promise while they are killed, restarted and frozen', async () => {
    // `npm test` builds first
    expect(existsSync('dist/main.js')).toBe(true);
    const seed = SEED;
    const report = await campaignAgainstServers({
      processes: 2,
      chains: 30,
      length: { answers: 500 },
      faults: [killOne, restartOne, pauseOne],
      faultCount: 3,
      weather: { echoShare: 0.4 },
      recoversWithinMs: 40_000,
      seed,
    });
    // a failure shows what a run of the command shows, the seed included
    if (exitCodeOf(report) !== 0 || report.struck.length !== 3) throw new Error(reportText(report, seed));
  }, 240_000);
});

describe('three server processes on Postgres and Redis', () => {
  it('keep every promise while all of it is killed, restarted, frozen and flushed', async () => {
    const seed = SEED;
    const report = await campaignAgainstServers({
      processes: 3,
      chains: 20,
      length: { answers: 300 },
      shared: true,
      faults: [killOne],
      faultCount: 3,
      seed,
    });
    if (exitCodeOf(report) !== 0) throw new Error(reportText(report, seed));
  }, 300_000);
});

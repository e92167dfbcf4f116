import { spawnSync } from 'node:child_process';
import { runCampaign, type CampaignReport, type Terrain } from '../history/campaign.js';
import { exitCodeOf } from '../history/evidence.js';
import { FakeCluster } from '../history/fake-cluster.js';
import type { Flaw } from '../history/fake-engine.js';
import { killOne } from '../history/nemesis.js';
import { RandomSource } from '../history/random-source.js';
import { reportText } from '../history/report.js';

const rules = {
  policy: 'rotate',
  absoluteLifetime: 1_209_600_000,
  idleLifetime: null,
  staleness: 0,
} as const;
const patient = { ownerId: 'patient', verifyKey: 'key-one' };
const brief = { ownerId: 'brief', verifyKey: 'key-two' };

const terrain: Terrain = {
  rules: { patient: { ...rules, grace: 60_000 }, brief: { ...rules, grace: 100 } },
  honest: Array.from({ length: 30 }, (_, index) => ({
    project: patient,
    userName: `user-${index}`,
    password: '',
    ownUser: true,
  })),
  stolen: [{ project: brief, userName: 'victim', password: '' }],
  foreign: [brief],
};

async function campaignAgainst(
  flaw: Flaw | undefined,
  seed: number,
  answers: number,
): Promise<CampaignReport> {
  const random = new RandomSource(seed);
  const projects = {
    patient: { grace: 60_000, verifyKey: patient.verifyKey },
    brief: { grace: 100, verifyKey: brief.verifyKey },
  };
  const cluster = await FakeCluster.launch({ processes: 2, projects, flaw }, random);
  try {
    return await runCampaign(cluster, terrain, {
      chains: 36,
      length: { answers },
      faults: [killOne],
      faultCount: 3,
      seed,
      thinkMs: 10,
      recoversWithinMs: 1000,
    });
  } finally {
    await cluster.close();
  }
}

describe('the history checker against servers in memory', () => {
  it('finds nothing where every promise is kept', async () => {
    const report = await campaignAgainst(undefined, 1, 1500);
    const { verdict, history, struck } = report;
    expect(verdict.violations).toEqual([]);
    expect(history.length).toBeGreaterThan(1500);
    expect(exitCodeOf(report)).toBe(0);
    expect(struck.map(({ name }) => name)).toEqual([killOne.name, killOne.name, killOne.name]);
    expect(verdict.explained.revoked).toBeGreaterThan(0);
  });

  it('takes no run for a proof in which hardly anything was refreshed', async () => {
    const report = await campaignAgainst(undefined, 3, 100);
    expect(report.verdict.violations).toEqual([]);
    expect(exitCodeOf(report)).toBe(3);
    expect(reportText(report, 3)).toMatch(/^no proof {4}only \d+ of \d+ requests were successful refreshes/m);
  });

  it.each<[Flaw, string]>([
    ['forked successors', 'I1'],
    ['reuse unseen', 'I4'],
    ['success after revocation', 'I2'],
    ['spurious 401', 'I3'],
    ['other project honoured', 'I5'],
    ['tampered token honoured', 'I5'],
  ])('finds %s', async (flaw, invariant) => {
    const report = await campaignAgainst(flaw, 2, 1200);
    expect(report.verdict.violations.map((violation) => violation.invariant)).toContain(invariant);
    expect(exitCodeOf(report)).toBe(1);
  });
});

describe('the command', () => {
  it('ends with an exit code of its own, whatever its packages do at the end of a process', () => {
    const command = ['--import', './test/runner/typescript.mjs', 'test/history/run.ts'];
    const { status, stderr } = spawnSync(process.execPath, [...command, '--processes', '0']);
    expect([status, String(stderr)]).toEqual([2, expect.stringMatching(/^npm run check:history/)]);
  });
});

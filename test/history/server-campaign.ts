import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runCampaign, type CampaignOptions, type CampaignReport } from './campaign.js';
import { copyDemoData, terrainOf } from './demo-copies.js';
import { RandomSource } from './random-source.js';
import { ServerProcesses } from './servers.js';

export interface ServerCampaignOptions extends CampaignOptions {
  readonly processes: number;
}

/** Shorter than a run, longer than a request that waits for another's write. */
const BRIEF_GRACE_SECONDS = 2;

/** A campaign against processes of the built server, with a new SQLite file between them. */
export async function campaignAgainstServers(options: ServerCampaignOptions): Promise<CampaignReport> {
  const { processes, chains, seed } = options;
  const folder = await mkdtemp(join(tmpdir(), 'bo-auth-history-'));
  const file = join(folder, 'history.sqlite');
  const environment = {
    NODE_ENV: 'development',
    DATABASE_URL: `sqlite:${file}`,
    REDIS_URL: '',
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'error',
    JWT_SECRET: 'a-secret-of-the-history-checker-alone',
    TOKEN_PEPPER: 'a-pepper-of-the-history-checker-alone',
  };
  try {
    const servers = await ServerProcesses.launch(
      { processes, main: resolve('dist/main.js'), environment },
      new RandomSource(seed),
      () => copyDemoData(file, chains, BRIEF_GRACE_SECONDS),
    );
    try {
      return await runCampaign(servers, terrainOf(chains, BRIEF_GRACE_SECONDS), options);
    } finally {
      await servers.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

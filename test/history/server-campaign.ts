import { resolve } from 'node:path';
import { runCampaign, type CampaignOptions, type CampaignReport } from './campaign.js';
import { copyDemoData, terrainOf } from './demo-copies.js';
import { RandomSource } from './random-source.js';
import { ServerProcesses } from './servers.js';
import { sharedStores, sqliteStores, type Stores } from './stores.js';

export interface ServerCampaignOptions extends CampaignOptions {
  readonly processes: number;
  /** Postgres and Redis behind the processes, and their faults among the others; else an SQLite file. */
  readonly shared?: boolean;
  /** Of the stores' faults, those with these keys; absent: all. */
  readonly storeFaults?: readonly string[] | undefined;
}

/** Shorter than a run, longer than a request that waits for another's write. */
const BRIEF_GRACE_SECONDS = 2;

/** A campaign against processes of the built server, with a new database between them. */
export async function campaignAgainstServers(options: ServerCampaignOptions): Promise<CampaignReport> {
  const stores = await (options.shared === true ? sharedStores() : sqliteStores());
  try {
    return await campaignOn(stores, options);
  } finally {
    await stores.close();
  }
}

async function campaignOn(stores: Stores, options: ServerCampaignOptions): Promise<CampaignReport> {
  const { processes, chains, seed, storeFaults } = options;
  const environment = {
    NODE_ENV: 'development',
    ...stores.environment,
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'error',
    JWT_SECRET: 'a-secret-of-the-history-checker-alone',
    TOKEN_PEPPER: 'a-pepper-of-the-history-checker-alone',
  };
  const servers = await ServerProcesses.launch(
    { processes, main: resolve('dist/main.js'), environment },
    new RandomSource(seed),
    async () => {
      const rows = await stores.rows();
      await copyDemoData(rows, chains, BRIEF_GRACE_SECONDS).finally(() => rows.close());
    },
  );
  try {
    const faults = stores.faults.filter(({ key }) => storeFaults?.includes(key) ?? true);
    return await runCampaign(servers, terrainOf(chains, BRIEF_GRACE_SECONDS), {
      ...options,
      faults: [...options.faults, ...faults],
    });
  } finally {
    await servers.close();
  }
}

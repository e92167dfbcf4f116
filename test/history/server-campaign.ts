import { resolve } from 'node:path';
import { runCampaign, type CampaignOptions, type CampaignReport } from './campaign.js';
import { copyDemoData, terrainOf } from './demo-copies.js';
import { RandomSource } from './random-source.js';
import { ServerProcesses } from './servers.js';
import { sharedStores, sqliteStores, type Stores } from './stores.js';

export interface ServerCampaignOptions extends CampaignOptions {
  readonly processes: number;
  /** Uses Postgres and Redis and injects their faults too; otherwise an SQLite file. */
  readonly shared?: boolean;
  /** Restricts the faults of the stores to these keys; all if absent. */
  readonly storeFaults?: readonly string[] | undefined;
}

/** Shorter than a run, longer than a request that waits for another write. */
const BRIEF_GRACE_SECONDS = 2;

/** Runs a campaign against processes of the built server on a new database. */
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
      await copyDemoData(rows, chains, BRIEF_GRACE_SECONDS).finally(() => void rows.close());
    },
  );
  try {
    const faults = stores.faults.filter(({ key }) => storeFaults?.includes(key) ?? true);
    return await runCampaign(servers, terrainOf(chains, BRIEF_GRACE_SECONDS), {
      isBound: (chain) => chain % 3 === 2,
      ...options,
      faults: [...options.faults, ...faults],
    });
  } finally {
    await servers.close();
  }
}

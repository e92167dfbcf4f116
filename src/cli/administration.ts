import { existsSync } from 'node:fs';
import type { Config } from '../config/config.js';
import { configuration } from './environment.js';
import { usage } from './exit-code.js';
import { note } from './output.js';
import type { Services } from './services.js';

/**
 * Runs a piece of work on the services, beside a server that may be running on the same database, and closes all
 * afterwards.
 */
export async function administer<T>(work: (services: Services) => Promise<T>): Promise<T> {
  const config = configuration();
  assertLasting(config);
  // Loaded only here: help, and a sentence about a misspelt option, need not wait for a framework.
  const { openServices } = await import('./services.js');
  const services = await openServices(config);
  try {
    return await work(services);
  } finally {
    await services.close();
  }
}

function assertLasting({ database }: Config): void {
  if (database.kind !== 'sqlite') return;
  if (database.file === null)
    throw usage(
      'DATABASE_URL is sqlite::memory:, which lives in the server alone: set it to sqlite:<file> or postgres://…',
    );
  if (!existsSync(database.file)) note(`bo-auth: ${database.file} did not exist and is made anew`);
}

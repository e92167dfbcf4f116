import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import type { Config } from '../config/config.js';
import { configuration } from './environment.js';
import { databaseLocation } from '../database/database-location.js';
import { CommandError, EXIT, usage } from './exit-code.js';
import { isJson, note } from './output.js';
import type { Services } from './services.js';

/**
 * Opens the services, runs `work` with them and closes them, and says on stderr which database they use. A server may run on the same database at the same time.
 */
export async function administer<T>(command: Command, work: (services: Services) => Promise<T>): Promise<T> {
  const config = configuration();
  assertPersistent(config);
  // With --json, stderr holds nothing but the error object of a failure.
  if (!isJson(command)) note(`database: ${databaseLocation(config.database)}`);
  // Imported here so that --help and usage errors do not wait for Nest to load.
  const { openServices } = await import('./services.js');
  const { explained } = await import('../database/explain-failure.js');
  return explained(config.database, async () => {
    const services = await openServices(config);
    try {
      return await work(services);
    } finally {
      await services.close();
    }
  });
}

function assertPersistent({ database }: Config): void {
  if (database.kind !== 'sqlite') return;
  if (database.file === null)
    throw usage(
      'DATABASE_URL is sqlite::memory:, which only the server process can see. Set it to sqlite:<file> or postgres://…',
    );
  // Only the service and `migrate` create a database: a command in the wrong folder would otherwise work on an empty
  // one.
  if (!existsSync(database.file))
    throw new CommandError(
      `${databaseLocation(database)} does not exist: run bo-auth migrate to create it, or set DATABASE_URL`,
      EXIT.failure,
    );
}

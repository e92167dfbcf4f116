import type { Command } from 'commander';
import { migrate, sqliteFile } from '../database/data-source.js';
import { pendingMigrations } from '../database/pending-migrations.js';
import { configuration } from './environment.js';
import { usage } from './exit-code.js';
import { write } from './output.js';

export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description(
      'bring the tables of the database to what this version expects; the start of the service does too',
    )
    .option('--dry-run', 'only say what would be done')
    .action(async ({ dryRun }: { dryRun?: boolean }, command: Command) => {
      const { database } = configuration();
      if (database.kind === 'sqlite' && database.file === null)
        throw usage(
          'DATABASE_URL is sqlite::memory:, which has nothing to migrate: set it to sqlite:<file> or postgres://…',
        );
      const file = database.kind === 'sqlite' ? sqliteFile(database.file) : null;
      const pending = await pendingMigrations(database, file);
      if (dryRun !== true && pending.length > 0) await migrate(database, file);
      const done = dryRun === true ? 'pending' : 'applied';
      write(
        command,
        { [done]: pending },
        pending.length === 0 ? 'nothing to migrate' : pending.map((name) => `${done}  ${name}`).join('\n'),
      );
    });
}

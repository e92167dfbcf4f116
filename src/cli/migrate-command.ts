import type { Command } from 'commander';
import { configuration } from './environment.js';
import { usage } from './exit-code.js';
import { write } from './output.js';

export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('apply pending database migrations; the service does the same when it starts')
    .option('--dry-run', 'only list the pending migrations')
    .action(async ({ dryRun }: { dryRun?: boolean }, command: Command) => {
      const { database } = configuration();
      if (database.kind === 'sqlite' && database.file === null)
        throw usage(
          'DATABASE_URL is sqlite::memory:, which has nothing to migrate. Set it to sqlite:<file> or postgres://…',
        );
      const { migrate, sqliteFile } = await import('../database/data-source.js');
      const { pendingMigrations } = await import('../database/pending-migrations.js');
      const { explained } = await import('../database/explain-failure.js');
      const pending = await explained(database, async () => {
        const file = database.kind === 'sqlite' ? sqliteFile(database.file) : null;
        const found = await pendingMigrations(database, file);
        // Without pending migrations too: it creates missing triggers.
        if (dryRun !== true) await migrate(database, file);
        return found;
      });
      const done = dryRun === true ? 'pending' : 'applied';
      write(
        command,
        { [done]: pending },
        pending.length === 0 ? 'nothing to migrate' : pending.map((name) => `${done}  ${name}`).join('\n'),
      );
    });
}

import type { Command } from 'commander';
import { administer } from './administration.js';
import { configuration } from './environment.js';
import { CommandError, EXIT } from './exit-code.js';
import { note, write } from './output.js';

export function demoCommands(program: Command): void {
  const demo = program.command('demo').description('the demo data of a development start');

  demo
    .command('remove')
    .description('remove demo projects, users and sessions, so that production may start on this database')
    .action(async (_options: object, command: Command) => {
      const { named } = await import('../demo/demo-guard.js');
      const { removed, kept } = await administer(command, (services) => services.demo.remove());
      for (const ownerId of kept)
        note(
          `bo-auth: project ${ownerId} has users of its own and stays; give it a key that is not published: bo-auth key rotate verify ${ownerId}`,
        );
      if (kept.length > 0) process.exitCode = EXIT.failure;
      const human =
        removed.length === 0 ? 'no demo data' : removed.map((row) => `removed  ${named(row)}`).join('\n');
      write(command, { removed, kept }, human);
    });

  demo
    .command('restore')
    .description(
      'make the published refresh token work again, e.g. after it was signed out (development only)',
    )
    .action(async (_options: object, command: Command) => {
      if (configuration().environment !== 'development')
        throw new CommandError('demo restore is for development: the token is published');
      const { SEED_SESSION } = await import('../demo/demo-rows.js');
      const { refreshToken, ownerId } = SEED_SESSION;
      if (!(await administer(command, ({ seedSession }) => seedSession.renew())))
        throw new CommandError(
          `project ${ownerId} or its demo user is gone or disabled: start with an empty database`,
        );
      write(command, { ownerId, refreshToken }, `restored  ${refreshToken} of project ${ownerId}`);
    });
}

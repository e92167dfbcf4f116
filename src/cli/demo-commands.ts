import type { Command } from 'commander';
import { administer } from './administration.js';
import { EXIT } from './exit-code.js';
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
}

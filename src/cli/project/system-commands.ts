import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import { parsed } from '../../admin/input.js';
import { newSystemSchema } from '../../admin/system/system-input.js';
import { administer } from '../administration.js';
import { everyPage, LIMIT_OPTION } from '../every-page.js';
import { table, write } from '../output.js';

export function systemCommands(program: Command): void {
  const system = program.command('system').description('the systems of a project, as named by XsysId');

  system
    .command('add <ownerId> <sysId>')
    .description('add a system')
    .option('--name <name>', 'display name (default: the sysId)')
    .action(async (ownerId: string, sysId: string, { name }: { name?: string }, command: Command) => {
      const input = parsed(newSystemSchema, { sysId, name: name ?? sysId });
      const added = await administer(command, (services) =>
        services.systems.add(COMMAND_LINE, ownerId, input),
      );
      write(command, added, `${added.sysId} was added to ${ownerId}`);
    });

  system
    .command('list <ownerId>')
    .description('list the systems of a project')
    .option(...LIMIT_OPTION)
    .action(async (ownerId: string, { limit }: { limit: string }, command: Command) => {
      const items = await administer(command, (services) =>
        everyPage(limit, (page) => services.systems.list(COMMAND_LINE, ownerId, page)),
      );
      write(command, { items }, table(items, ['sysId', 'name']));
    });

  system
    .command('remove <ownerId> <sysId>')
    .description('remove a system')
    .action(async (ownerId: string, sysId: string, _options: object, command: Command) => {
      const removed = await administer(command, (services) =>
        services.systems.remove(COMMAND_LINE, ownerId, sysId),
      );
      write(command, removed, `${sysId} was removed from ${ownerId}`);
    });
}

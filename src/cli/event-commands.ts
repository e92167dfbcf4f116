import type { Command } from 'commander';
import { COMMAND_LINE } from '../admin/administrator.js';
import { type EventFilter, eventFilterSchema } from '../admin/event/event-log.js';
import { parsed } from '../admin/input.js';
import { EVENT_KINDS } from '../audit/auth-event.js';
import { administer } from './administration.js';
import { everyPage, LIMIT_OPTION } from './every-page.js';
import { given } from './option-values.js';
import { table, write } from './output.js';

interface Options extends Omit<Record<keyof EventFilter, string>, 'userId'> {
  readonly owner?: string;
  readonly user?: string;
  readonly limit: string;
}

const COLUMNS = ['at', 'ownerId', 'userId', 'kind', 'sessionId', 'detail'] as const;

export function eventCommands(program: Command): void {
  const events = program
    .command('events')
    .description('list the audit trail, newest first')
    .option('--owner <ownerId>', 'only events of this project (default: all projects)')
    .option('--user <userId>', 'only events of this user')
    .option('--kind <kind>', 'only events of this kind; bo-auth events kinds lists them')
    .option(
      '--since <time>',
      'only events at or after this time: ISO 8601 with an offset, e.g. 2026-11-23T09:00:00Z',
    )
    .option('--until <time>', 'only events before this time')
    .option(...LIMIT_OPTION)
    .action(async ({ owner, user, kind, since, until, limit }: Options, command: Command) => {
      const filter = parsed(eventFilterSchema, given({ userId: user, kind, since, until }));
      const items = await administer(command, async ({ events: log, projects }) => {
        if (owner !== undefined) await projects.show(COMMAND_LINE, owner);
        return everyPage(limit, (page) => log.list(COMMAND_LINE, owner ?? null, { ...page, ...filter }));
      });
      write(command, { items }, table(items, COLUMNS));
    });

  events
    .command('kinds')
    .description('list the kinds of events')
    .action((_options: object, command: Command) => {
      write(command, { items: EVENT_KINDS }, EVENT_KINDS.join('\n'));
    });
}

import { type Command, Option } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { COMMAND_LINE } from '../admin/administrator.js';
import { type EventFilter, eventFilterSchema, type EventView } from '../admin/event/event-log.js';
import { parsed } from '../admin/input.js';
import { EVENT_KINDS } from '../audit/auth-event.js';
import { headText, parseHead } from '../audit/chain-key.js';
import type { ChainReport } from '../audit/chain-verification.js';
import { administer } from './administration.js';
import { everyPage, LIMIT_OPTION } from './every-page.js';
import { CommandError, EXIT, usage } from './exit-code.js';
import { given } from './option-values.js';
import { table, write, writeStream } from './output.js';

interface Filters extends Omit<Record<keyof EventFilter, string>, 'userId'> {
  readonly owner?: string;
  readonly user?: string;
}

const COLUMNS = ['at', 'ownerId', 'userId', 'kind', 'sessionId', 'detail'] as const;
const EXPORT_COLUMNS = ['id', ...COLUMNS] as const;

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
    .action(async ({ limit, ...filters }: Filters & { limit: string }, command: Command) => {
      const filter = filterOf(filters);
      const items = await administer(command, async ({ events: log, projects }) => {
        if (filters.owner !== undefined) await projects.show(COMMAND_LINE, filters.owner);
        return everyPage(limit, (page) =>
          log.list(COMMAND_LINE, filters.owner ?? null, { ...page, ...filter }),
        );
      });
      write(command, { items }, table(items, COLUMNS));
    });

  events
    .command('kinds')
    .description('list the kinds of events')
    .action((_options: object, command: Command) => {
      write(command, { items: EVENT_KINDS }, EVENT_KINDS.join('\n'));
    });

  exportEvents(events);
  verifyEvents(events);
  restartChain(events);
}

function exportEvents(events: Command): void {
  events
    .command('export')
    .description('print all events that match the filters, oldest first, to keep them elsewhere')
    .addOption(new Option('--format <format>', 'jsonl or csv').choices(['jsonl', 'csv']).default('jsonl'))
    .action(async ({ format }: { format: 'jsonl' | 'csv' }, command: Command) => {
      // The filters are options of `events`, which commander also takes after `export`.
      const filters = events.opts<Filters>();
      if (events.getOptionValueSource('limit') === 'cli') throw usage('an export has no --limit');
      const filter = filterOf(filters);
      await administer(command, async ({ events: log, projects }) => {
        if (filters.owner !== undefined) await projects.show(COMMAND_LINE, filters.owner);
        const pages = log.export(COMMAND_LINE, filters.owner ?? null, filter);
        await writeStream(format === 'csv' ? csv(pages) : jsonLines(pages));
      });
    });
}

function verifyEvents(events: Command): void {
  events
    .command('verify')
    .description('verify the hash chain of the audit trail: finds lines that were changed or removed')
    .option('--expect <head>', 'a head that an earlier run printed: also finds a trail that was put back')
    .addHelpText('after', '\nExits with 1 if the chain is broken.')
    .action(async ({ expect }: { expect?: string }, command: Command) => {
      const expected = expect === undefined ? null : parseHead(expect);
      if (expect !== undefined && expected === null)
        throw usage('--expect must be a head as bo-auth events verify prints it: <number>.<43 characters>');
      const report = await administer(command, ({ events: log }) => log.verify(COMMAND_LINE, expected));
      const intact = report.faultCount === 0;
      const view = { ...report, beganAt: shownTime(report.beganAt), head: headText(report.head) };
      write(command, { intact, ...view }, reportText(report));
      if (!intact) process.exitCode = EXIT.failure;
    });
}

function restartChain(events: Command): void {
  events
    .command('restart-chain')
    .description('begin a new hash chain, after TOKEN_PEPPER was lost or the chain was destroyed')
    .action(async (_options: object, command: Command) => {
      const restarted = await administer(command, ({ events: log }) => log.restartChain(COMMAND_LINE));
      if (!restarted) throw new CommandError('the chain is usable: nothing was changed');
      write(command, { restarted }, 'a new chain begins; the events so far can no longer be verified');
    });
}

function filterOf({ user, kind, since, until }: Filters): EventFilter {
  return parsed(eventFilterSchema, given({ userId: user, kind, since, until }));
}

async function* jsonLines(pages: AsyncIterable<readonly EventView[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** RFC 4180. A cell that a spreadsheet would run as a formula begins with an apostrophe. */
async function* csv(pages: AsyncIterable<readonly EventView[]>): AsyncGenerator<string> {
  yield stringify([EXPORT_COLUMNS], { record_delimiter: 'windows' });
  for await (const page of pages)
    yield stringify(
      page.map((event) => ({ ...event, detail: JSON.stringify(event.detail) })),
      { columns: [...EXPORT_COLUMNS], escape_formulas: true, record_delimiter: 'windows' },
    );
}

const shownTime = (at: number | null) => (at === null ? null : new Date(at).toISOString());

function reportText(report: ChainReport): string {
  const { verified, unsealed, uncovered, beganAt, head, faultCount, faults } = report;
  if (beganAt === null && faultCount === 0) return 'the audit trail is empty';
  const lines = faults.map(
    ({ seq, id, says }) => `line ${seq}${id === null ? '' : ` (event ${id})`} ${says}`,
  );
  if (faultCount > faults.length) lines.push(`and ${faultCount - faults.length} more`);
  lines.push(
    faultCount === 0 ? 'intact' : `BROKEN: ${faultCount} faults, the first at line ${faults[0]?.seq}`,
    `lines verified: ${verified}; too new to be sealed: ${unsealed}; of an earlier chain: ${uncovered}`,
    `chain begun: ${shownTime(beganAt) ?? '-'}`,
    `head: ${headText(head)}`,
  );
  return lines.join('\n');
}

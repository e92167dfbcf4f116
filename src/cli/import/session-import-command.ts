import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import type { Item, Refused } from '../../admin/import/import-item.js';
import type { SessionImportRun } from '../../admin/import/session-import.js';
import { sessionSchema } from '../../admin/import/session-input.js';
import { administer } from '../administration.js';
import { CommandError } from '../exit-code.js';
import { write } from '../output.js';
import { ProgressBar } from './progress-bar.js';
import { RecordFile } from './record-file.js';
import { errorLines } from './refused-lines.js';

/** One transaction each: the server beside it waits no longer than for a slow request. */
const BATCH = 500;
const COLUMNS = Object.keys(sessionSchema.shape);

interface Options {
  readonly format?: string;
  readonly strict?: boolean;
  readonly progress?: boolean;
}

interface Totals {
  imported: number;
  existing: number;
  readonly refused: Refused[];
}

export function sessionImportCommand(program: Command): void {
  program
    .command('import-sessions <ownerId> <file>')
    .description("take over another service's sessions; their refresh tokens go on working")
    .option('--format <format>', 'csv or jsonl; absent: what the name of the file says')
    .option('--strict', 'stop at the first line that is refused')
    .option('--progress', 'show a bar, also where nobody watches')
    .addHelpText(
      'after',
      `\nColumns: ${COLUMNS.join(', ')}.\nOf a token its SHA-256 alone is kept. An import may be repeated: a token is imported once.`,
    )
    .action(async (ownerId: string, file: string, options: Options, command: Command) => {
      const source = await RecordFile.open(file, { format: options.format, columns: COLUMNS });
      const bar = new ProgressBar('sessions', options.progress ?? process.stderr.isTTY);
      const totals = await administer(async (services) => {
        const run = await services.sessionImport.begin(COMMAND_LINE, ownerId);
        return importAll(run, source, bar, options.strict === true);
      });
      bar.finish(totals.imported + totals.existing);
      errorLines(totals.refused);
      if (options.strict === true && totals.refused.length > 0)
        throw new CommandError(
          `stopped at line ${totals.refused[0]?.line}; ${totals.imported} sessions were imported before: mend the line and run it again`,
        );
      write(
        command,
        totals,
        `sessions imported: ${totals.imported}; imported before: ${totals.existing}; refused: ${totals.refused.length}`,
      );
    });
}

async function importAll(
  run: SessionImportRun,
  source: RecordFile,
  bar: ProgressBar,
  strict: boolean,
): Promise<Totals> {
  const totals: Totals = { imported: 0, existing: 0, refused: [] };
  let batch: Item[] = [];
  const flush = async (): Promise<void> => {
    const written = await run.write(batch);
    batch = [];
    totals.imported += written.imported;
    totals.existing += written.existing;
    totals.refused.push(...written.refused);
    bar.update(source.size === null ? null : source.read / source.size, totals.imported + totals.existing);
  };
  for await (const item of source.records()) {
    if ('reason' in item) totals.refused.push(item);
    else batch.push(item);
    if (batch.length === BATCH) await flush();
    if (strict && totals.refused.length > 0) break;
  }
  // What stands before a line that is refused is as good with it as without it.
  if (batch.length > 0) await flush();
  totals.refused.sort((a, b) => a.line - b.line);
  return totals;
}

import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import type { Item, Refused } from '../../admin/import/import-item.js';
import type { SessionImportRun } from '../../admin/import/session-import.js';
import { sessionSchema } from '../../admin/import/session-input.js';
import { administer } from '../administration.js';
import { CommandError, EXIT } from '../exit-code.js';
import { toList } from '../option-values.js';
import { write } from '../output.js';
import { ProgressBar } from './progress-bar.js';
import { FORMATS, RecordFile } from './record-file.js';
import { errorLines } from './refused-lines.js';

/** Sessions per transaction: small enough that a server on the same database is not delayed noticeably. */
const BATCH = 500;
const COLUMNS = Object.keys(sessionSchema.shape);
const REQUIRED = [
  ['refreshToken', 'refreshTokenSha256'],
  ['userId', 'userName'],
];

interface Options {
  readonly format?: string;
  readonly ignore?: readonly string[];
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
    .description('import sessions of another service; their refresh tokens keep working')
    .option('--format <format>', 'csv or jsonl (default: by the file extension)')
    .option('--ignore <columns>', 'columns of the file to leave out, separated by commas', toList)
    .option('--strict', 'stop at the first refused line')
    .option('--progress', 'show a progress bar even if stderr is not a terminal')
    .addHelpText(
      'after',
      `\nColumns: ${COLUMNS.join(', ')}.\nOnly the SHA-256 of a token is stored. An import is safe to repeat: each token is imported once.\n${FORMATS}`,
    )
    .action(async (ownerId: string, file: string, options: Options, command: Command) => {
      const source = await RecordFile.open(file, {
        format: options.format,
        columns: { known: COLUMNS, required: REQUIRED, ignored: options.ignore ?? [] },
      });
      const bar = new ProgressBar('sessions', options.progress ?? process.stderr.isTTY);
      const totals = await administer(command, async (services) => {
        const run = await services.sessionImport.begin(COMMAND_LINE, ownerId);
        return importAll(run, source, bar, options.strict === true);
      });
      bar.finish(totals.imported + totals.existing);
      errorLines(totals.refused);
      if (options.strict === true && totals.refused.length > 0)
        throw new CommandError(
          `stopped at line ${totals.refused[0]?.line}; ${totals.imported} sessions were imported before it: fix the line and run the import again`,
        );
      write(
        command,
        totals,
        `sessions imported: ${totals.imported}; already imported: ${totals.existing}; refused: ${totals.refused.length}`,
      );
      if (totals.imported + totals.existing === 0 && totals.refused.length > 0)
        process.exitCode = EXIT.failure;
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
  // With --strict too: the lines before the refused one are valid.
  if (batch.length > 0) await flush();
  totals.refused.sort((a, b) => a.line - b.line);
  return totals;
}

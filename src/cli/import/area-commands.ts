import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import type { AreaImported } from '../../admin/import/area-import.js';
import type { Item, Refused } from '../../admin/import/import-item.js';
import { administer } from '../administration.js';
import { everyPage, LIMIT_OPTION } from '../every-page.js';
import { CommandError, EXIT } from '../exit-code.js';
import { toList } from '../option-values.js';
import { note, table, write } from '../output.js';
import { ProgressBar } from './progress-bar.js';
import { FORMATS, RecordFile } from './record-file.js';
import { errorLines } from './refused-lines.js';

const COLUMNS = {
  known: ['areaCode', 'name', 'parentCode'],
  required: [['areaCode'], ['name']],
  // Parts of the code, in lists that have a file for each level.
  unused: ['cityCode', 'provinceCode'],
  aliases: {
    code: 'areaCode',
    area: 'areaCode',
    代码: 'areaCode',
    区划代码: 'areaCode',
    行政区划代码: 'areaCode',
    areaName: 'name',
    名称: 'name',
    单位名称: 'name',
    parent: 'parentCode',
    上级代码: 'parentCode',
  },
};

/** A list may begin with its first code instead of a header. */
const HEADLESS = {
  isRecord: (cells: readonly string[]) => /^\d+$/.test(cells[0] ?? ''),
  columns: ['areaCode', 'name', 'parentCode'],
};

export function areaCommands(program: Command): void {
  const area = program.command('area').description('administrative areas; all projects share them');

  area
    .command('import <file>')
    .description('import areas, e.g. GB/T 2260 codes, from CSV or JSON lines; safe to repeat')
    .option('--format <format>', 'csv or jsonl (default: by the file extension)')
    .option('--ignore <columns>', 'columns of the file to leave out, separated by commas', toList)
    .option('--strict', 'import nothing if a line is refused')
    .option('--progress', 'show a progress bar even if stderr is not a terminal')
    .addHelpText(
      'after',
      '\nColumns: areaCode, name, and optionally parentCode (an empty cell: no parent). Without parentCode, parents are\n' +
        'derived from codes of 6, 9 or 12 digits; codes of 2 and 4 digits mean 110000 and 110100. Files may come in any\n' +
        'order: an area moves below a nearer parent that a later import brings. A file that begins with a code needs no\n' +
        `header line.\n${FORMATS}`,
    )
    .action(async (file: string, options: Options, command: Command) => {
      const source = await RecordFile.open(file, {
        format: options.format,
        columns: { ...COLUMNS, ignored: options.ignore ?? [] },
        headless: HEADLESS,
      });
      const items: Item[] = [];
      const broken: Refused[] = [];
      let hasParents = false;
      for await (const item of source.records()) {
        if ('reason' in item) broken.push(item);
        else items.push(item);
        hasParents ||= 'input' in item && 'parentCode' in item.input;
      }
      const bar = new ProgressBar('areas', options.progress ?? process.stderr.isTTY);
      const stops = options.strict === true && broken.length > 0;
      const result = stops
        ? NOTHING
        : await administer(command, (services) =>
            services.areas.import(
              COMMAND_LINE,
              hasParents ? rooted(items) : items,
              options.strict === true,
              (count) => bar.update(count / items.length, count),
            ),
          );
      bar.finish(result.imported);
      const refused = [...broken, ...result.refused].toSorted((a, b) => a.line - b.line);
      errorLines(refused);
      if (options.strict === true && refused.length > 0)
        throw new CommandError(
          `lines refused: ${refused.length}; nothing was imported: fix them and run the import again`,
        );
      write(
        command,
        { ...result, refused },
        `areas imported: ${result.imported}; moved below a new parent: ${result.moved}; refused: ${refused.length}`,
      );
      const { count, first } = result.detached;
      if (count > 0)
        note(
          `bo-auth: areas without a parent that are not provinces: ${count} (${first.join(', ')}${count > first.length ? ', …' : ''}); ` +
            'import the areas above them, too',
        );
      if (result.imported === 0 && refused.length > 0) process.exitCode = EXIT.failure;
    });

  area
    .command('list')
    .description('list the areas')
    .option(...LIMIT_OPTION)
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const items = await administer(command, (services) =>
        everyPage(limit, (page) => services.areas.list(COMMAND_LINE, page)),
      );
      write(command, { items }, table(items, ['areaCode', 'name', 'parentCode']));
    });
}

interface Options {
  readonly format?: string;
  readonly ignore?: readonly string[];
  readonly strict?: boolean;
  readonly progress?: boolean;
}

const NOTHING: AreaImported = { imported: 0, moved: 0, refused: [], detached: { count: 0, first: [] } };

/** If the file has a parentCode column, an empty cell means that the area has no parent. */
function rooted(items: readonly Item[]): Item[] {
  return items.map(({ line, input }) => ({ line, input: { parentCode: null, ...(input as object) } }));
}

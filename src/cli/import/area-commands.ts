import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import type { Item, Refused } from '../../admin/import/import-item.js';
import { administer } from '../administration.js';
import { everyPage, LIMIT_OPTION } from '../every-page.js';
import { CommandError } from '../exit-code.js';
import { table, write } from '../output.js';
import { ProgressBar } from './progress-bar.js';
import { RecordFile } from './record-file.js';
import { errorLines } from './refused-lines.js';

const FILE = {
  columns: ['areaCode', 'name', 'parentCode'],
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
  headless: {
    isRecord: (cells: readonly string[]) => /^\d+$/.test(cells[0] ?? ''),
    columns: ['areaCode', 'name', 'parentCode'],
  },
};

export function areaCommands(program: Command): void {
  const area = program.command('area').description('administrative areas; all projects share them');

  area
    .command('import <file>')
    .description('import areas, e.g. GB/T 2260 codes, from CSV or JSON lines; safe to repeat')
    .option('--format <format>', 'csv or jsonl (default: by the file extension)')
    .option('--strict', 'import nothing if a line is refused')
    .option('--progress', 'show a progress bar even if stderr is not a terminal')
    .addHelpText(
      'after',
      '\nColumns: areaCode, name, and parentCode if wanted (empty: nothing lies above). Without that column a\n' +
        "code of 6, 9 or 12 digits says itself what it lies below. A first line of digits needs no columns' names.",
    )
    .action(async (file: string, options: Options, command: Command) => {
      const source = await RecordFile.open(file, { ...FILE, format: options.format });
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
        ? { imported: 0, refused: [] }
        : await administer((services) =>
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
        { imported: result.imported, refused },
        `areas imported: ${result.imported}; refused: ${refused.length}`,
      );
    });

  area
    .command('list')
    .description('list the areas')
    .option(...LIMIT_OPTION)
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const items = await administer((services) =>
        everyPage(limit, (page) => services.areas.list(COMMAND_LINE, page)),
      );
      write(command, { items }, table(items, ['areaCode', 'name', 'parentCode']));
    });
}

interface Options {
  readonly format?: string;
  readonly strict?: boolean;
  readonly progress?: boolean;
}

/** If the file has a parentCode column, an empty cell means that the area has no parent. */
function rooted(items: readonly Item[]): Item[] {
  return items.map(({ line, input }) => ({ line, input: { parentCode: null, ...(input as object) } }));
}

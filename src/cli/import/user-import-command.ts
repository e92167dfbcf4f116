import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import type { Refused } from '../../admin/import/import-item.js';
import { problemOf } from '../../admin/input.js';
import type { UserAdministration } from '../../admin/user/user-administration.js';
import { newUserSchema } from '../../admin/user/user-input.js';
import { ApiError } from '../../response/error/error-catalogue.js';
import { administer } from '../administration.js';
import { CommandError, EXIT } from '../exit-code.js';
import { toList } from '../option-values.js';
import { write } from '../output.js';
import { ProgressBar } from './progress-bar.js';
import { type FileRecord, FORMATS, RecordFile } from './record-file.js';
import { errorLines } from './refused-lines.js';

const LISTS = ['roleId', 'depId', 'areaCode', 'jobId', 'sysId', 'mergeUserId'];
/** What a CSV cell stands for. */
const WORDS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  developer: { '0': 0, '1': 1 },
  mustChangePassword: { true: true, false: false },
};
const COLUMNS = Object.keys(newUserSchema.shape);

interface ImportOptions {
  readonly format?: string;
  readonly ignore?: readonly string[];
  readonly strict?: boolean;
  readonly progress?: boolean;
}

export function importUsers(user: Command): void {
  user
    .command('import <ownerId> <file>')
    .description('add users from CSV or JSON lines; existing users stay unchanged')
    .option('--format <format>', 'csv or jsonl (default: by the file extension)')
    .option('--ignore <columns>', 'columns of the file to leave out, separated by commas', toList)
    .option('--strict', 'stop at the first refused line')
    .option('--progress', 'show a progress bar even if stderr is not a terminal')
    .addHelpText(
      'after',
      `\nColumns: ${COLUMNS.join(', ')}.\nIn CSV, separate the items of a list by semicolons. Imported users are active.\n${FORMATS}`,
    )
    .action(async (ownerId: string, file: string, options: ImportOptions, command: Command) => {
      const source = await RecordFile.open(file, {
        format: options.format,
        columns: { known: COLUMNS, required: [['userId'], ['userName']], ignored: options.ignore ?? [] },
      });
      const bar = new ProgressBar('users', options.progress ?? process.stderr.isTTY);
      const refused: Refused[] = [];
      let imported = 0;
      let existing = 0;
      await administer(command, async (services) => {
        const users = services.users;
        for await (const item of source.records()) {
          const outcome = await addOne(users, ownerId, item);
          if (outcome === 'added') imported += 1;
          else if (outcome === 'existing') existing += 1;
          else refused.push({ line: item.line, reason: outcome.reason });
          bar.update(source.size === null ? null : source.read / source.size, imported + existing);
          if (options.strict === true && refused.length > 0) break;
        }
      });
      bar.finish(imported + existing);
      errorLines(refused);
      if (options.strict === true && refused.length > 0)
        throw new CommandError(
          `stopped at line ${refused[0]?.line}; ${imported} users were added before it: fix the line and run the import again`,
        );
      write(
        command,
        { imported, existing, refused },
        `users added: ${imported}; already existing: ${existing}; refused: ${refused.length}`,
      );
      if (imported + existing === 0 && refused.length > 0) process.exitCode = EXIT.failure;
    });
}

async function addOne(
  users: UserAdministration,
  ownerId: string,
  item: FileRecord,
): Promise<'added' | 'existing' | { reason: string }> {
  if ('reason' in item) return item;
  const result = newUserSchema.safeParse(fromCells(item.input));
  if (!result.success) return { reason: problemOf(result) ?? '' };
  try {
    await users.add(COMMAND_LINE, ownerId, result.data);
    return 'added';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.errorCode === 'PARAMETER_INVALID') return { reason: error.message };
    if (error.errorCode !== 'USER_EXISTS') throw error;
    return (await exists(users, ownerId, result.data.userId))
      ? 'existing'
      : { reason: 'userName belongs to another user' };
  }
}

async function exists(users: UserAdministration, ownerId: string, userId: string): Promise<boolean> {
  return users.show(COMMAND_LINE, ownerId, userId).then(
    () => true,
    () => false,
  );
}

/** Converts the text of CSV cells to lists and numbers; values of JSON lines stay as they are. */
function fromCells(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...input };
  for (const name of LISTS) {
    const cell = fields[name];
    if (typeof cell === 'string') fields[name] = toList(cell.replaceAll(';', ','));
  }
  for (const [name, values] of Object.entries(WORDS)) {
    const value = values[String(fields[name])];
    if (typeof fields[name] === 'string' && value !== undefined) fields[name] = value;
  }
  return fields;
}

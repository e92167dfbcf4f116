import type { Command } from 'commander';
import { COMMAND_LINE } from '../admin/administrator.js';
import { errorLines } from './refused-lines.js';
import type { Refused } from '../admin/import-item.js';
import { parsed, problemOf } from '../admin/input.js';
import { UserAdministration } from '../admin/user-administration.js';
import { newUserSchema, passwordSchema } from '../admin/user-input.js';
import { UserSessions } from '../admin/user-sessions.js';
import { ApiError } from '../response/error-catalogue.js';
import { administer } from './administration.js';
import { everyPage, LIMIT_OPTION } from './every-page.js';
import { CommandError } from './exit-code.js';
import { given, toList } from './option-values.js';
import { record, table, write } from './output.js';
import { ProgressBar } from './progress-bar.js';
import { type FileRecord, RecordFile } from './record-file.js';
import { readSecret } from './secret-input.js';

const LISTS = ['roleId', 'depId', 'areaCode', 'jobId', 'sysId', 'mergeUserId'];
const COLUMNS = Object.keys(newUserSchema.shape);

const PASSWORD_FILE = [
  '--password-file <file>',
  'read the password from the first line of a file, or of standard input by -; else it is asked for',
] as const;

export function userCommands(program: Command): void {
  const user = program.command('user').description('the users of a project');
  addUser(user);
  importUsers(user);

  user
    .command('list <ownerId>')
    .description('list the users of a project')
    .option(...LIMIT_OPTION)
    .action(async (ownerId: string, { limit }: { limit: string }, command: Command) => {
      const items = await administer((app) =>
        everyPage(limit, (page) => app.get(UserAdministration).list(COMMAND_LINE, ownerId, page)),
      );
      write(
        command,
        { items },
        table(items, ['userId', 'userName', 'status', 'pushName', 'roleId', 'developer', 'createdAt']),
      );
    });

  user
    .command('set-password <ownerId> <userId>')
    .description('set a password; the sessions of the user end')
    .option(...PASSWORD_FILE)
    .option('--keep-sessions', 'let the sessions of the user live on')
    .action(async (ownerId: string, userId: string, options: PasswordOptions, command: Command) => {
      const password = await readSecret('password', options.passwordFile, '--password-file');
      const input = parsed(passwordSchema, { password, keepSessions: options.keepSessions === true });
      const set = await administer((app) =>
        app.get(UserAdministration).setPassword(COMMAND_LINE, ownerId, userId, input),
      );
      write(command, set, `the password of ${userId} was set; sessions ended: ${set.ended}`);
    });

  for (const [name, description] of [
    ['disable', 'disable a user; all his sessions end'],
    ['enable', 'enable a user'],
  ] as const)
    user
      .command(`${name} <ownerId> <userId>`)
      .description(description)
      .action(async (ownerId: string, userId: string, _options: object, command: Command) => {
        const changed = await administer((app) =>
          app.get(UserAdministration)[name](COMMAND_LINE, ownerId, userId),
        );
        write(command, changed, `${userId} is ${changed.status}`);
      });

  user
    .command('sessions <ownerId> <userId>')
    .description('list the living sessions of a user, newest first')
    .action(async (ownerId: string, userId: string, _options: object, command: Command) => {
      const listed = await administer((app) => app.get(UserSessions).list(COMMAND_LINE, ownerId, userId));
      write(
        command,
        listed,
        table(listed.items, ['sessionId', 'clientId', 'createdAt', 'lastRefreshedAt', 'expiresAt', 'ip']),
      );
    });

  user
    .command('logout <ownerId> <userId>')
    .description('end all sessions of a user, or one')
    .option('--session <sessionId>', 'only this one')
    .action(async (ownerId: string, userId: string, { session }: { session?: string }, command: Command) => {
      const ended = await administer(async (app) => {
        const sessions = app.get(UserSessions);
        if (session === undefined) return sessions.logout(COMMAND_LINE, ownerId, userId);
        return sessions.end(COMMAND_LINE, ownerId, userId, session);
      });
      write(command, ended, `sessions ended: ${ended.ended}`);
    });
}

interface PasswordOptions {
  readonly passwordFile?: string;
  readonly keepSessions?: boolean;
}

function addUser(user: Command): void {
  user
    .command('add <ownerId> <userId>')
    .description('add a user')
    .option('--user-name <name>', 'what the user signs in with; absent: the userId')
    .option(...PASSWORD_FILE)
    .option('--no-password', 'nobody can sign in as the user until a password is set')
    .option('--client-id <text>', 'the clientId of a login that names none; absent: the userId')
    .option('--push-name <text>', 'what other people call the user')
    .option('--role-id <list>', 'roles, by commas', toList)
    .option('--dep-id <list>', 'departments, by commas', toList)
    .option('--job-id <list>', 'jobs, by commas', toList)
    .option('--area-code <list>', 'areas that the user is confined to, by commas', toList)
    .option('--sys-id <list>', 'systems that the user is confined to, by commas', toList)
    .option('--merge-user-id <list>', 'users that are the same person, by commas', toList)
    .option('--developer', 'may administer the project')
    .option('--telephone <text>', '')
    .option('--head-icon <url>', '')
    .action(async (ownerId: string, userId: string, options: Record<string, unknown>, command: Command) => {
      const { userName, passwordFile, password: wanted, developer, ...settings } = options;
      const password =
        wanted === false
          ? undefined
          : await readSecret(
              'password',
              passwordFile as string | undefined,
              '--password-file, or give --no-password',
            );
      const input = parsed(
        newUserSchema,
        given({
          ...settings,
          userId,
          userName: userName ?? userId,
          password,
          developer: developer === true ? 1 : undefined,
        }),
      );
      const added = await administer((app) => app.get(UserAdministration).add(COMMAND_LINE, ownerId, input));
      write(command, added, record({ ...added }));
    });
}

interface ImportOptions {
  readonly format?: string;
  readonly strict?: boolean;
  readonly progress?: boolean;
}

function importUsers(user: Command): void {
  user
    .command('import <ownerId> <file>')
    .description('add the users of a CSV file or of JSON lines; those that there are stay as they are')
    .option('--format <format>', 'csv or jsonl; absent: what the name of the file says')
    .option('--strict', 'stop at the first line that is refused')
    .option('--progress', 'show a bar, also where nobody watches')
    .addHelpText(
      'after',
      `\nColumns: ${COLUMNS.join(', ')}.\nIn CSV, a list's items stand between semicolons.`,
    )
    .action(async (ownerId: string, file: string, options: ImportOptions, command: Command) => {
      const source = await RecordFile.open(file, { format: options.format, columns: COLUMNS });
      const bar = new ProgressBar('users', options.progress ?? process.stderr.isTTY);
      const refused: Refused[] = [];
      let imported = 0;
      let existing = 0;
      await administer(async (app) => {
        const users = app.get(UserAdministration);
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
          `stopped at line ${refused[0]?.line}; ${imported} users were added before: mend the line and run it again`,
        );
      write(
        command,
        { imported, existing, refused },
        `users added: ${imported}; there already: ${existing}; refused: ${refused.length}`,
      );
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
    if (!(error instanceof ApiError) || error.errorCode !== 'USER_EXISTS') throw error;
    return (await isThere(users, ownerId, result.data.userId))
      ? 'existing'
      : { reason: 'userName is that of another user' };
  }
}

async function isThere(users: UserAdministration, ownerId: string, userId: string): Promise<boolean> {
  return users.show(COMMAND_LINE, ownerId, userId).then(
    () => true,
    () => false,
  );
}

/** CSV knows nothing but text. */
function fromCells(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...input };
  for (const name of LISTS) {
    const cell = fields[name];
    if (typeof cell === 'string') fields[name] = toList(cell.replaceAll(';', ','));
  }
  if (fields['developer'] === '1') fields['developer'] = 1;
  if (fields['developer'] === '0') fields['developer'] = 0;
  return fields;
}

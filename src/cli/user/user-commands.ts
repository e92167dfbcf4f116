import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import { parsed } from '../../admin/input.js';
import { newUserSchema, passwordSchema, userChangeSchema } from '../../admin/user/user-input.js';
import { administer } from '../administration.js';
import { everyPage, LIMIT_OPTION } from '../every-page.js';
import { given, toList } from '../option-values.js';
import { record, table, write } from '../output.js';
import { readSecret } from '../secret-input.js';
import { importUsers } from '../import/user-import-command.js';

const PASSWORD_FILE = [
  '--password-file <file>',
  'read the password from the first line of a file, or of standard input by -; else it is asked for',
] as const;

export function userCommands(program: Command): void {
  const user = program.command('user').description('the users of a project');
  addUser(user);
  importUsers(user);
  changeUser(user);

  user
    .command('list <ownerId>')
    .description('list the users of a project')
    .option(...LIMIT_OPTION)
    .action(async (ownerId: string, { limit }: { limit: string }, command: Command) => {
      const items = await administer((services) =>
        everyPage(limit, (page) => services.users.list(COMMAND_LINE, ownerId, page)),
      );
      write(
        command,
        { items },
        table(items, ['userId', 'userName', 'status', 'pushName', 'roleId', 'developer', 'createdAt']),
      );
    });

  user
    .command('show <ownerId> <userId>')
    .description('show a user')
    .action(async (ownerId: string, userId: string, _options: object, command: Command) => {
      const shown = await administer((services) => services.users.show(COMMAND_LINE, ownerId, userId));
      write(command, shown, record({ ...shown }));
    });

  user
    .command('set-password <ownerId> <userId>')
    .description('set a password; the sessions of the user end')
    .option(...PASSWORD_FILE)
    .option('--keep-sessions', 'let the sessions of the user live on')
    .action(async (ownerId: string, userId: string, options: PasswordOptions, command: Command) => {
      const password = await readSecret('password', options.passwordFile, '--password-file');
      const input = parsed(passwordSchema, { password, keepSessions: options.keepSessions === true });
      const set = await administer((services) =>
        services.users.setPassword(COMMAND_LINE, ownerId, userId, input),
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
        const changed = await administer((services) => services.users[name](COMMAND_LINE, ownerId, userId));
        write(command, changed, `${userId} is ${changed.status}`);
      });

  user
    .command('sessions <ownerId> <userId>')
    .description('list the living sessions of a user, newest first')
    .action(async (ownerId: string, userId: string, _options: object, command: Command) => {
      const listed = await administer((services) =>
        services.userSessions.list(COMMAND_LINE, ownerId, userId),
      );
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
      const ended = await administer(async (services) => {
        const sessions = services.userSessions;
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

/** The options that `add` and `set` have in common; their names are the fields'. */
function withSettings(command: Command): Command {
  return command
    .option('--user-name <name>', 'what the user signs in with; a new one without: the userId')
    .option('--client-id <text>', 'the clientId of a login that names none; a new one without: the userId')
    .option('--push-name <text>', 'what other people call the user; a new one without: the userName')
    .option('--role-id <list>', 'roles, by commas', toList)
    .option('--dep-id <list>', 'departments, by commas', toList)
    .option('--job-id <list>', 'jobs, by commas', toList)
    .option('--area-code <list>', 'areas that the user is confined to, by commas', toList)
    .option('--sys-id <list>', 'systems that the user is confined to, by commas', toList)
    .option('--merge-user-id <list>', 'users that are the same person, by commas', toList)
    .option('--developer', 'may administer the project')
    .option('--open-id <text>', 'a claim of the access token, as are the next ones')
    .option('--wb-id <text>', '')
    .option('--wx-open-id <text>', '')
    .option('--wx-union-id <text>', '')
    .option('--telephone <text>', '')
    .option('--head-icon <url>', '');
}

/** `--developer`, `--no-developer`, or neither. */
const developerOf = (wanted: unknown): 0 | 1 | undefined =>
  wanted === undefined ? undefined : wanted === true ? 1 : 0;

function addUser(user: Command): void {
  withSettings(user.command('add <ownerId> <userId>').description('add a user'))
    .option(...PASSWORD_FILE)
    .option('--no-password', 'nobody can sign in as the user until a password is set')
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
          developer: developerOf(developer),
        }),
      );
      const added = await administer((services) => services.users.add(COMMAND_LINE, ownerId, input));
      write(command, added, record({ ...added }));
    });
}

function changeUser(user: Command): void {
  withSettings(user.command('set <ownerId> <userId>').description('change a user; his sessions live on'))
    .option('--no-developer', 'may not administer the project')
    .addHelpText('after', "\n'' empties a text or a list.")
    .action(async (ownerId: string, userId: string, options: Record<string, unknown>, command: Command) => {
      const { developer, ...settings } = options;
      const changes = parsed(userChangeSchema, given({ ...settings, developer: developerOf(developer) }));
      const changed = await administer((services) =>
        services.users.change(COMMAND_LINE, ownerId, userId, changes),
      );
      write(command, changed, record({ ...changed }));
    });
}

import { type Command, Option } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import { FORMAT_NAMES } from '../../auth/password/password-formats.js';
import { parsed } from '../../admin/input.js';
import { newUserSchema, passwordSchema, userChangeSchema } from '../../admin/user/user-input.js';
import type { UserView } from '../../admin/user/user-view.js';
import { ApiError } from '../../response/error/error-catalogue.js';
import type { Services } from '../services.js';
import { administer } from '../administration.js';
import { everyPage, LIMIT_OPTION } from '../every-page.js';
import { given, oneOf, toList } from '../option-values.js';
import { usage } from '../exit-code.js';
import { record, table, write } from '../output.js';
import { readSecret } from '../secret-input.js';
import { importUsers } from '../import/user-import-command.js';

const PASSWORD_FILE = [
  '--password-file <file>',
  'read the password from the first line of a file, or of standard input by - (default: a prompt)',
] as const;

/** Without it, commander takes `--password` for a misspelt `--no-password`. */
const passwordArgument = () => new Option('--password [password]').hideHelp();

/** @throws CommandError (usage): a password as an argument is in the process list and the shell history */
function assertNoArgument(password: unknown): void {
  if (password !== undefined && password !== false)
    throw usage(
      'a password is not accepted as an argument: use the prompt, standard input or --password-file',
    );
}

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
      const items = await administer(command, (services) =>
        everyPage(limit, (page) => services.users.list(COMMAND_LINE, ownerId, page)),
      );
      write(
        command,
        { items },
        table(items, ['userId', 'userName', 'status', 'pushName', 'roleId', 'developer', 'createdAt']),
      );
    });

  user
    .command('show <ownerId> <user>')
    .description('show a user, by userId or login name')
    .action(async (ownerId: string, user: string, _options: object, command: Command) => {
      const shown = await administer(command, (services) => findUser(services, ownerId, user));
      write(command, shown, record({ ...shown }));
    });

  user
    .command('set-password <ownerId> <userId>')
    .description('set the password of a user; by default all sessions of the user end')
    .option(...PASSWORD_FILE)
    .addOption(passwordArgument())
    .option('--keep-sessions', 'keep the sessions of the user')
    .option('--must-change-password', 'the user must change the password before the next login')
    .action(async (ownerId: string, userId: string, options: PasswordOptions, command: Command) => {
      assertNoArgument(options.password);
      const password = await readSecret('password', options.passwordFile, '--password-file');
      const input = parsed(passwordSchema, {
        password,
        keepSessions: options.keepSessions === true,
        mustChangePassword: options.mustChangePassword,
      });
      const set = await administer(command, (services) =>
        services.users.setPassword(COMMAND_LINE, ownerId, userId, input),
      );
      write(command, set, `the password of ${userId} was set; sessions ended: ${set.ended}`);
    });

  for (const [name, description] of [
    ['disable', 'disable a user and end all sessions of the user'],
    ['enable', 'enable a user'],
  ] as const)
    user
      .command(`${name} <ownerId> <userId>`)
      .description(description)
      .action(async (ownerId: string, userId: string, _options: object, command: Command) => {
        const changed = await administer(command, (services) =>
          services.users[name](COMMAND_LINE, ownerId, userId),
        );
        write(command, changed, `${userId} is ${changed.status}`);
      });

  user
    .command('locked <ownerId>')
    .description('list the users who are locked after too many failed logins')
    .option(...LIMIT_OPTION)
    .action(async (ownerId: string, { limit }: { limit: string }, command: Command) => {
      const items = await administer(command, (services) =>
        everyPage(limit, (page) => services.users.list(COMMAND_LINE, ownerId, { ...page, locked: 'true' })),
      );
      write(command, { items }, table(items, ['userId', 'userName', 'status', 'pushName']));
    });

  user
    .command('unlock <ownerId> <userId>')
    .description('forget the failed logins of a user')
    .action(async (ownerId: string, userId: string, _options: object, command: Command) => {
      const unlocked = await administer(command, (services) =>
        services.userLocks.unlock(COMMAND_LINE, ownerId, userId),
      );
      write(command, unlocked, `${userId} is not locked any more`);
    });

  user
    .command('reset-second-factor <ownerId> <userId>')
    .description('remove the second factor of a user who has lost it; make sure who asks for it')
    .action(async (ownerId: string, userId: string, _options: object, command: Command) => {
      const result = await administer(command, (services) =>
        services.userSecondFactor.reset(COMMAND_LINE, ownerId, userId),
      );
      write(
        command,
        result,
        `${userId} ${result.reset ? 'has no second factor any more' : 'had no second factor'}`,
      );
    });

  user
    .command('delete <ownerId> <userId>')
    .description('delete a user and all sessions of the user; the audit trail keeps a pseudonym')
    .action(async (ownerId: string, userId: string, _options: object, command: Command) => {
      const deleted = await administer(command, (services) =>
        services.userDeletion.delete(COMMAND_LINE, ownerId, userId),
      );
      write(command, deleted, `${userId} was deleted; sessions ended: ${deleted.ended}`);
    });

  user
    .command('sessions <ownerId> <user>')
    .description('list the active sessions of a user, by userId or login name, newest first')
    .action(async (ownerId: string, user: string, _options: object, command: Command) => {
      const listed = await administer(command, async (services) => {
        const { userId } = await findUser(services, ownerId, user);
        return services.userSessions.list(COMMAND_LINE, ownerId, userId);
      });
      write(
        command,
        listed,
        table(listed.items, ['sessionId', 'clientId', 'createdAt', 'lastRefreshedAt', 'expiresAt', 'ip']),
      );
    });

  user
    .command('logout <ownerId> <userId>')
    .description('end all sessions of a user, or one of them')
    .option('--session <sessionId>', 'end only this session')
    .action(async (ownerId: string, userId: string, { session }: { session?: string }, command: Command) => {
      const ended = await administer(command, async (services) => {
        const sessions = services.userSessions;
        if (session === undefined) return sessions.logout(COMMAND_LINE, ownerId, userId);
        return sessions.end(COMMAND_LINE, ownerId, userId, session);
      });
      write(command, ended, `sessions ended: ${ended.ended}`);
    });
}

/** Finds a user by userId, else by login name. @throws USER_UNKNOWN */
async function findUser({ users }: Services, ownerId: string, user: string): Promise<UserView> {
  try {
    return await users.show(COMMAND_LINE, ownerId, user);
  } catch (error) {
    if (!(error instanceof ApiError) || error.errorCode !== 'USER_UNKNOWN') throw error;
    const { items } = await users.list(COMMAND_LINE, ownerId, { limit: 1, userName: user });
    const [named] = items;
    if (named === undefined) throw error;
    return named;
  }
}

interface PasswordOptions {
  readonly password?: unknown;
  readonly passwordFile?: string;
  readonly keepSessions?: boolean;
  readonly mustChangePassword?: boolean;
}

/** The options that `add` and `set` share; each is named after its field. */
function withSettings(command: Command): Command {
  return command
    .option('--user-name <name>', 'login name (default for a new user: the userId)')
    .option('--client-id <text>', 'clientId of logins that send none (default for a new user: the userId)')
    .option('--push-name <text>', 'display name (default for a new user: the userName)')
    .option('--role-id <list>', 'roles, separated by commas', toList)
    .option('--dep-id <list>', 'departments, separated by commas', toList)
    .option('--job-id <list>', 'jobs, separated by commas', toList)
    .option('--area-code <list>', 'areas that the user is restricted to, separated by commas', toList)
    .option('--sys-id <list>', 'systems that the user is restricted to, separated by commas', toList)
    .option('--merge-user-id <list>', 'accounts merged into this one, separated by commas', toList)
    .option('--developer', 'the user may administer the project')
    .option('--must-change-password', 'the user must change the password before the next login')
    .option('--open-id <text>', 'identifier at an identity provider')
    .option('--wb-id <text>', 'Weibo identifier')
    .option('--wx-open-id <text>', 'WeChat openid')
    .option('--wx-union-id <text>', 'WeChat unionid')
    .option('--telephone <text>', 'telephone number')
    .option('--head-icon <url>', 'URL of the portrait');
}

/** `--developer`, `--no-developer`, or neither. */
const developerOf = (wanted: unknown): 0 | 1 | undefined =>
  wanted === undefined ? undefined : wanted === true ? 1 : 0;

function addUser(user: Command): void {
  withSettings(user.command('add <ownerId> <userId>').description('add a user'))
    .option(...PASSWORD_FILE)
    .option('--password-hash-file <file>', 'read a hash instead of a password, from a file or by -')
    .option(
      '--password-format <format>',
      `of the hash: ${oneOf(FORMAT_NAMES)}, or a digest expression such as md5(password+salt) (default: argon2id)`,
    )
    .option('--password-salt <text>', 'the salt of the hash, where the format has one')
    .addOption(passwordArgument())
    .option('--no-password', 'create the user without a password; the user cannot sign in until one is set')
    .action(async (ownerId: string, userId: string, options: Record<string, unknown>, command: Command) => {
      const { userName, passwordFile, passwordHashFile, password: wanted, developer, ...settings } = options;
      assertNoArgument(wanted);
      const passwordHash =
        typeof passwordHashFile === 'string'
          ? await readSecret('password hash', passwordHashFile, '--password-hash-file')
          : undefined;
      const password =
        wanted === false || passwordHash !== undefined
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
          passwordHash,
          developer: developerOf(developer),
        }),
      );
      const added = await administer(command, (services) => services.users.add(COMMAND_LINE, ownerId, input));
      write(command, added, record({ ...added }));
    });
}

function changeUser(user: Command): void {
  withSettings(
    user.command('set <ownerId> <userId>').description('change a user; the sessions of the user are kept'),
  )
    .option('--no-developer', 'the user may not administer the project')
    .option('--no-must-change-password', 'the user may keep the password')
    .addHelpText('after', "\nPass '' to clear a text or a list.")
    .action(async (ownerId: string, userId: string, options: Record<string, unknown>, command: Command) => {
      const { developer, ...settings } = options;
      const changes = parsed(userChangeSchema, given({ ...settings, developer: developerOf(developer) }));
      const changed = await administer(command, (services) =>
        services.users.change(COMMAND_LINE, ownerId, userId, changes),
      );
      write(command, changed, record({ ...changed }));
    });
}

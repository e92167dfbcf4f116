import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import { parsed } from '../../admin/input.js';
import {
  DEFAULTS,
  newProjectSchema,
  projectChangeSchema,
  SIGNING,
} from '../../admin/project/project-input.js';
import { administer } from '../administration.js';
import { everyPage, LIMIT_OPTION } from '../every-page.js';
import {
  VERIFICATION_CIPHERS,
  VERIFICATION_PADDINGS,
} from '../../tenancy/verification/verification-profile.js';
import { LANGUAGES } from '../../response/error/language.js';
import { given, oneOf, toBoolean, toNumber, toNoneOrList } from '../option-values.js';
import { note, record, table, write } from '../output.js';
import { readSecret } from '../secret-input.js';

export const VERIFY_IV = [
  '--verify-iv <iv>',
  'the initialisation vector of a CBC cipher: text, or 8 bytes as hex:… or base64:… (default: random)',
] as const;

/** The options that `add` and `set` share; each is named after its field. */
function withSettings(command: Command, defaults: Partial<typeof DEFAULTS> = {}): Command {
  const or = (name: keyof typeof DEFAULTS) =>
    name in defaults ? ` (default: ${String(defaults[name] ?? 'none')})` : '';
  return command
    .option('--status-mode <mode>', `http or always200${or('statusMode')}`)
    .option('--language <language>', `of error messages: ${oneOf(LANGUAGES)}${or('language')}`)
    .option('--time-zone <name>', `an IANA name, e.g. Asia/Shanghai${or('timeZone')}`)
    .option(
      '--access-token-seconds <seconds>',
      `lifetime of an access token${or('accessTokenSeconds')}`,
      toNumber,
    )
    .option('--refresh-policy <policy>', `rotate or reuse${or('refreshPolicy')}`)
    .option(
      '--grace-seconds <seconds>',
      `how long a rotated refresh token still returns its successor, 0 to 300${or('graceSeconds')}`,
      toNumber,
    )
    .option(
      '--idle-seconds <seconds>',
      `lifetime of a session without a refresh, or none${or('idleSeconds')}`,
      toNumber,
    )
    .option('--absolute-seconds <seconds>', `maximum lifetime of a session${or('absoluteSeconds')}`, toNumber)
    .option(
      '--lost-response <rule>',
      `reissue or revoke, if an answer was lost for longer than the grace time${or('lostResponse')}`,
    )
    .option(
      '--max-sessions <number>',
      `maximum number of sessions per user, or none${or('maxSessions')}`,
      toNumber,
    )
    .option(
      '--verify-padding <padding>',
      `padding of the plaintext: ${oneOf(VERIFICATION_PADDINGS)}${or('verifyPadding')}`,
    )
    .option(
      '--max-sessions-per-client <number>',
      `maximum number of sessions per user and clientId, or none${or('maxSessionsPerClient')}`,
      toNumber,
    )
    .option(
      '--when-full <rule>',
      `replace the oldest session, or refuse the login, beyond the maximum${or('whenFull')}`,
    )
    .option(
      '--login-max-failures <number>',
      `failed logins from one network that lock a user there, 0 for any number${or('loginMaxFailures')}`,
      toNumber,
    )
    .option(
      '--login-lock-seconds <seconds>',
      `for how long failed logins count, and the lock lasts${or('loginLockSeconds')}`,
      toNumber,
    )
    .option(
      '--allowed-origins <origins>',
      `origins whose pages may read the responses, separated by commas, or none${or('allowedOrigins')}`,
      toNoneOrList,
    )
    .option('--refresh-token-in <place>', `body or cookie${or('refreshTokenIn')}`)
    .option('--cookie-same-site <value>', `strict, lax or none${or('cookieSameSite')}`)
    .option('--second-factor <policy>', `off, optional or required${or('secondFactor')}`)
    .option(
      '--password-min-length <number>',
      `of passwords that users choose, 8 to 64${or('passwordMinLength')}`,
      toNumber,
    )
    .option(
      '--password-min-classes <number>',
      `of lower case, upper case, digits and others, 1 to 4${or('passwordMinClasses')}`,
      toNumber,
    )
    .option(
      '--password-max-age-days <days>',
      `after which a password must be changed, or none${or('passwordMaxAgeDays')}`,
      toNumber,
    )
    .option(
      '--password-history <number>',
      `of passwords from which a new one must differ, 0 to 24${or('passwordHistory')}`,
      toNumber,
    )
    .option(
      '--password-blocklist <on-or-off>',
      `refuse common passwords and the names of the user${or('passwordBlocklist')}`,
    )
    .option(
      '--first-login-change <on-or-off>',
      `users must change a password that an administrator has set${or('firstLoginChange')}`,
    )
    .option(
      '--issuer <issuer>',
      `iss of access tokens: fixed (RG3), or url of the project's OAuth endpoints${or('issuer')}`,
    )
    .option('--audience <audience>', `aud of access tokens${or('audience')}`)
    .option(
      '--introspection <callers>',
      `open to all who know the verify key, or client for confidential clients${or('introspection')}`,
    )
    .option('--dpop-nonce <on-or-off>', `DPoP proofs must contain a nonce of the service${or('dpopNonce')}`)
    .option('--verify-encoding <encoding>', `base64, base64url or hex${or('verifyEncoding')}`)
    .option(
      '--verify-skew-seconds <seconds>',
      `allowed clock difference of an XverifyApi time stamp${or('verifySkewSeconds')}`,
      toNumber,
    )
    .option('--verify-stamp-required <boolean>', `true or false${or('verifyStampRequired')}`, toBoolean);
}

export function projectCommands(program: Command): void {
  const project = program.command('project').description('create and change projects (tenants)');

  withSettings(
    project.command('add <ownerId>').description('create a project and print its verify key once'),
    DEFAULTS,
  )
    .option('--name <name>', 'display name (default: the ownerId)')
    .option(
      '--signing <algorithm>',
      `of access tokens: ${oneOf(SIGNING)} (default: hs256; es256 needs no shared secret)`,
    )
    .option(
      '--verify-cipher <cipher>',
      `${oneOf(VERIFICATION_CIPHERS)} (default: hmac-sha256 with a required time stamp)`,
    )
    .option(
      '--verify-key-file <file>',
      'read the key from a file, or from standard input by - (default: a random key)',
    )
    .option(...VERIFY_IV)
    .action(async (ownerId: string, options: Record<string, unknown>, command: Command) => {
      const { name, verifyKeyFile, ...settings } = options;
      const verifyKey = await keyFrom(verifyKeyFile);
      const input = parsed(
        newProjectSchema,
        given({ ownerId, name: name ?? ownerId, verifyKey, ...settings, json: undefined }),
      );
      const added = await administer(command, (services) => services.projects.add(COMMAND_LINE, input));
      write(command, added, record({ ...added }));
      if (added.verifyCipher !== 'hmac-sha256')
        note(
          'bo-auth: save the verifyKey, it is not shown again; hmac-sha256 is stronger than DES if the clients support it',
        );
      else note('bo-auth: save the verifyKey, it is not shown again');
    });

  project
    .command('list')
    .description('list the projects')
    .option(...LIMIT_OPTION)
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const items = await administer(command, (services) =>
        everyPage(limit, (page) => services.projects.list(COMMAND_LINE, page)),
      );
      write(
        command,
        { items },
        table(items, ['ownerId', 'name', 'status', 'refreshPolicy', 'timeZone', 'verifyCipher', 'createdAt']),
      );
    });

  project
    .command('show <ownerId>')
    .description('show a project; its key is masked')
    .action(async (ownerId: string, _options: object, command: Command) => {
      const shown = await administer(command, (services) => services.projects.show(COMMAND_LINE, ownerId));
      write(command, shown, record({ ...shown }));
    });

  withSettings(project.command('set <ownerId>').description('change the settings of a project'))
    .option('--name <name>', 'display name')
    .action(async (ownerId: string, options: Record<string, unknown>, command: Command) => {
      const changes = parsed(projectChangeSchema, given(options));
      const changed = await administer(command, (services) =>
        services.projects.change(COMMAND_LINE, ownerId, changes),
      );
      write(command, changed, record({ ...changed }));
    });

  for (const [name, status, description] of [
    ['disable', 'disabled', 'disable a project: all its calls are refused; its sessions are kept'],
    ['enable', 'active', 'enable a project'],
  ] as const)
    project
      .command(`${name} <ownerId>`)
      .description(description)
      .action(async (ownerId: string, _options: object, command: Command) => {
        const changed = await administer(command, (services) =>
          services.projects.setStatus(COMMAND_LINE, ownerId, status),
        );
        write(command, changed, `${ownerId} is ${changed.status}`);
      });
}

/** Reads the verify key from the file of `--verify-key-file`. */
export async function keyFrom(file: unknown): Promise<string | undefined> {
  return typeof file === 'string' ? readSecret('key', file, '--verify-key-file') : undefined;
}

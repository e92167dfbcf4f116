import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import { parsed } from '../../admin/input.js';
import { newProjectSchema, projectChangeSchema } from '../../admin/project/project-input.js';
import { administer } from '../administration.js';
import { everyPage, LIMIT_OPTION } from '../every-page.js';
import { given, toBoolean, toNumber } from '../option-values.js';
import { note, record, table, write } from '../output.js';
import { readSecret } from '../secret-input.js';

/** The options that `add` and `set` have in common; their names are the fields'. */
function withSettings(command: Command): Command {
  return command
    .option('--status-mode <mode>', 'http or always200')
    .option('--time-zone <name>', 'an IANA name, e.g. Asia/Shanghai')
    .option('--access-token-seconds <seconds>', 'lifetime of an access token', toNumber)
    .option('--refresh-policy <policy>', 'rotate or reuse')
    .option(
      '--grace-seconds <seconds>',
      'how long a spent token yields the same successor, 0 to 300',
      toNumber,
    )
    .option('--idle-seconds <seconds>', 'end of a session that is not refreshed, or none', toNumber)
    .option('--absolute-seconds <seconds>', 'end of every session', toNumber)
    .option('--lost-response <rule>', 'reissue or revoke, when an answer was lost for longer than the grace')
    .option('--max-sessions <number>', 'sessions of one user, or none', toNumber)
    .option('--verify-encoding <encoding>', 'base64, base64url or hex')
    .option('--verify-skew-seconds <seconds>', 'how far a stamp in XverifyApi may be off', toNumber)
    .option('--verify-stamp-required <boolean>', 'true or false', toBoolean);
}

export function projectCommands(program: Command): void {
  const project = program.command('project').description('make and change projects (tenants)');

  withSettings(
    project.command('add <ownerId>').description('make a project; prints its verify key this once'),
  )
    .option('--name <name>', 'what people call it; absent: the ownerId')
    .option('--verify-cipher <cipher>', 'des-ecb, des-cbc or hmac-sha256')
    .option('--verify-key-file <file>', 'the key, from a file or - for standard input; absent: one is made')
    .option('--verify-iv <text>', 'the initialisation vector of des-cbc; absent: one is made')
    .action(async (ownerId: string, options: Record<string, unknown>, command: Command) => {
      const { name, verifyKeyFile, ...settings } = options;
      const verifyKey = await keyFrom(verifyKeyFile);
      const input = parsed(
        newProjectSchema,
        given({ ownerId, name: name ?? ownerId, verifyKey, ...settings, json: undefined }),
      );
      const added = await administer((services) => services.projects.add(COMMAND_LINE, input));
      write(command, added, record({ ...added }));
      if (added.verifyCipher !== 'hmac-sha256')
        note(
          'bo-auth: keep the verifyKey, it is not shown again; hmac-sha256 is stronger than DES where clients can',
        );
      else note('bo-auth: keep the verifyKey, it is not shown again');
    });

  project
    .command('list')
    .description('list the projects')
    .option(...LIMIT_OPTION)
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const items = await administer((services) =>
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
    .description('show a project, its key masked')
    .action(async (ownerId: string, _options: object, command: Command) => {
      const shown = await administer((services) => services.projects.show(COMMAND_LINE, ownerId));
      write(command, shown, record({ ...shown }));
    });

  withSettings(project.command('set <ownerId>').description('change the settings of a project'))
    .option('--name <name>', 'what people call it')
    .action(async (ownerId: string, options: Record<string, unknown>, command: Command) => {
      const changes = parsed(projectChangeSchema, given(options));
      const changed = await administer((services) =>
        services.projects.change(COMMAND_LINE, ownerId, changes),
      );
      write(command, changed, record({ ...changed }));
    });

  for (const [name, status, description] of [
    ['disable', 'disabled', 'let a project answer nobody; its sessions are kept'],
    ['enable', 'active', 'let a project answer again'],
  ] as const)
    project
      .command(`${name} <ownerId>`)
      .description(description)
      .action(async (ownerId: string, _options: object, command: Command) => {
        const changed = await administer((services) =>
          services.projects.setStatus(COMMAND_LINE, ownerId, status),
        );
        write(command, changed, `${ownerId} is ${changed.status}`);
      });
}

/** A verify key out of the file that an option names. */
export async function keyFrom(file: unknown): Promise<string | undefined> {
  return typeof file === 'string' ? readSecret('key', file, '--verify-key-file') : undefined;
}

import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import {
  clientChangeSchema,
  newClientSchema,
  secretRotationSchema,
} from '../../admin/client/client-input.js';
import { parsed } from '../../admin/input.js';
import { GRANT_TYPES } from '../../auth/oauth-client/oauth-client.entity.js';
import { administer } from '../administration.js';
import { everyPage, LIMIT_OPTION } from '../every-page.js';
import { given, oneOf, toNoneOrList, toNumber } from '../option-values.js';
import { note, record, table, write } from '../output.js';

const SAVE = 'bo-auth: save the clientSecret, it is not shown again';

/** The options that `add` and `set` share; each is named after its field. */
function withSettings(command: Command, defaults: { readonly grants?: string; readonly dpop?: string } = {}) {
  return command
    .option(
      '--grants <grants>',
      `of ${oneOf(GRANT_TYPES)}, separated by commas, or none${defaults.grants ?? ''}`,
      toNoneOrList,
    )
    .option('--scopes <scopes>', 'that its tokens may have, separated by commas, or none', toNoneOrList)
    .option(
      '--dpop <rule>',
      `optional, or required to bind every new session to a key${defaults.dpop ?? ''}`,
    );
}

export function clientCommands(program: Command): void {
  const client = program.command('client').description('the clients of the OAuth endpoints of a project');

  withSettings(
    client
      .command('add <ownerId> <clientId>')
      .description('register a client and print the secret of a confidential one once')
      .requiredOption('--type <type>', 'public, or confidential for a client with a secret')
      .option('--name <name>', 'display name (default: the clientId)'),
    {
      grants: ' (default: refresh_token for public, client_credentials for confidential clients)',
      dpop: ' (default: optional)',
    },
  ).action(async (ownerId: string, clientId: string, options: object, command: Command) => {
    const input = parsed(newClientSchema, given({ clientId, ...options, json: undefined }));
    const added = await administer(command, ({ clients }) => clients.add(COMMAND_LINE, ownerId, input));
    write(command, added, record({ ...added }));
    if (added.clientSecret !== undefined) note(SAVE);
  });

  client
    .command('list <ownerId>')
    .description('list the clients of a project')
    .option(...LIMIT_OPTION)
    .action(async (ownerId: string, { limit }: { limit: string }, command: Command) => {
      const items = await administer(command, ({ clients }) =>
        everyPage(limit, (page) => clients.list(COMMAND_LINE, ownerId, page)),
      );
      write(command, { items }, table(items, ['clientId', 'name', 'type', 'grants', 'scopes', 'dpop']));
    });

  client
    .command('show <ownerId> <clientId>')
    .description('show a client')
    .action(async (ownerId: string, clientId: string, _options: object, command: Command) => {
      const shown = await administer(command, ({ clients }) => clients.show(COMMAND_LINE, ownerId, clientId));
      write(command, shown, record({ ...shown }));
    });

  withSettings(client.command('set <ownerId> <clientId>').description('change a client'))
    .option('--name <name>', 'display name')
    .action(async (ownerId: string, clientId: string, options: object, command: Command) => {
      const changes = parsed(clientChangeSchema, given({ ...options, json: undefined }));
      const changed = await administer(command, ({ clients }) =>
        clients.change(COMMAND_LINE, ownerId, clientId, changes),
      );
      write(command, changed, record({ ...changed }));
    });

  client
    .command('rotate-secret <ownerId> <clientId>')
    .description('give a confidential client a new secret and print it once')
    .option(
      '--overlap-seconds <seconds>',
      'for how long the former secret stays valid (default: 604800)',
      toNumber,
    )
    .action(async (ownerId: string, clientId: string, options: object, command: Command) => {
      const input = parsed(secretRotationSchema, given({ ...options, json: undefined }));
      const rotated = await administer(command, ({ clients }) =>
        clients.rotateSecret(COMMAND_LINE, ownerId, clientId, input),
      );
      write(command, rotated, record({ ...rotated }));
      note(`${SAVE}; deploy it before previousSecretUntil`);
    });

  client
    .command('remove <ownerId> <clientId>')
    .description('remove a client: it gets no more tokens')
    .action(async (ownerId: string, clientId: string, _options: object, command: Command) => {
      const removed = await administer(command, ({ clients }) =>
        clients.remove(COMMAND_LINE, ownerId, clientId),
      );
      write(command, removed, `${clientId} was removed from ${ownerId}`);
    });
}

import type { Command } from 'commander';
import { COMMAND_LINE } from '../../admin/administrator.js';
import { parsed } from '../../admin/input.js';
import { newSigningKeySchema, signingKeyStepSchema } from '../../admin/signing-key/signing-key-input.js';
import { administer } from '../administration.js';
import { environment } from '../environment.js';
import { given } from '../option-values.js';
import { note, record, table, write } from '../output.js';

interface StepOptions {
  readonly force?: boolean;
}

/** The signing keys of a project. A rotation is: publish, wait, promote, wait, retire. */
export function signingKeyCommands(key: Command): void {
  key
    .command('list <ownerId>')
    .description('list the keys that sign the access tokens of a project')
    .action(async (ownerId: string, _options: object, command: Command) => {
      const listed = await administer(command, (services) =>
        services.signingKeys.list(COMMAND_LINE, ownerId),
      );
      const columns = ['kid', 'algorithm', 'status', 'promotableAt', 'retirableAt'] as const;
      write(command, listed, table(listed.items, columns));
      if (!listed.items.some(({ status }) => status === 'signing'))
        note(`bo-auth: no key is signing: access tokens of ${ownerId} are HS256, signed with JWT_SECRET`);
    });

  key
    .command('publish <ownerId>')
    .description('add a new key to the key set of a project; it does not sign yet')
    .option('--algorithm <algorithm>', 'ES256, ES384, RS256 or PS256 (default: ES256)')
    .action(async (ownerId: string, { algorithm }: { algorithm?: string }, command: Command) => {
      const input = parsed(newSigningKeySchema, given({ algorithm }));
      const made = await administer(command, (services) =>
        services.signingKeys.publish(COMMAND_LINE, ownerId, input),
      );
      write(command, made, record({ ...made }));
      if ((environment()['TOKEN_PEPPER'] ?? '') === '')
        note(
          'bo-auth: TOKEN_PEPPER is not set here, so the key is encrypted with the development default: a service with\n' +
            'another pepper cannot decrypt it and does not start. If your service has one, retire the key now.',
        );
      note(`bo-auth: next step, after ${made.promotableAt}: bo-auth key promote ${ownerId} ${made.kid}`);
    });

  key
    .command('promote <ownerId> <kid>')
    .description('make a published key sign; the former key then only verifies')
    .option(
      '--force',
      'skip the wait: verifiers with an older key set may refuse its tokens for up to 5 minutes',
    )
    .action(async (ownerId: string, kid: string, options: StepOptions, command: Command) => {
      const step = parsed(signingKeyStepSchema, given({ force: options.force }));
      const { promoted, waiting } = await administer(command, async ({ signingKeys }) => ({
        promoted: await signingKeys.promote(COMMAND_LINE, ownerId, kid, step),
        waiting: (await signingKeys.list(COMMAND_LINE, ownerId)).items.filter(
          ({ status, signingAt }) => status === 'published' && signingAt !== null,
        ),
      }));
      write(command, promoted, `${kid} signs for ${ownerId}`);
      for (const { kid: former, retirableAt } of waiting)
        note(`bo-auth: next step, after ${retirableAt}: bo-auth key retire ${ownerId} ${former}`);
    });

  key
    .command('demote <ownerId> <kid>')
    .description('make a project sign with HS256 again; the key then only verifies')
    .action(async (ownerId: string, kid: string, _options: object, command: Command) => {
      const demoted = await administer(command, (services) =>
        services.signingKeys.demote(COMMAND_LINE, ownerId, kid),
      );
      write(command, demoted, `access tokens of ${ownerId} are HS256 again`);
      note(`bo-auth: next step, after ${demoted.retirableAt}: bo-auth key retire ${ownerId} ${kid}`);
    });

  key
    .command('retire <ownerId> <kid>')
    .description('remove a key that no longer signs from the key set, and delete its private key')
    .option('--force', 'skip the wait, for a leaked key: its tokens are refused and clients refresh')
    .action(async (ownerId: string, kid: string, options: StepOptions, command: Command) => {
      const step = parsed(signingKeyStepSchema, given({ force: options.force }));
      const retired = await administer(command, (services) =>
        services.signingKeys.retire(COMMAND_LINE, ownerId, kid, step),
      );
      write(command, retired, `${kid} is retired`);
    });
}

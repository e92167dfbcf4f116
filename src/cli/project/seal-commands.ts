import type { Command } from 'commander';
import { administer } from '../administration.js';
import { note, write } from '../output.js';

/** Verify keys at rest: this release seals new ones, and reads those that earlier releases stored in the clear. */
export function sealCommands(key: Command): void {
  key
    .command('seal')
    .description('encrypt the verify keys that an earlier release stored in the clear')
    .action(async (_options: object, command: Command) => {
      const sealed = await administer(command, ({ verifyKeys }) => verifyKeys.sealAll());
      write(command, { sealed }, `sealed  ${sealed}`);
      note('bo-auth: an earlier release can read these keys only after bo-auth key unseal');
    });

  key
    .command('unseal')
    .description('store all verify keys in the clear, before a return to an earlier release')
    .action(async (_options: object, command: Command) => {
      const unsealed = await administer(command, ({ verifyKeys }) => verifyKeys.unsealAll());
      write(command, { unsealed }, `unsealed  ${unsealed}`);
    });
}

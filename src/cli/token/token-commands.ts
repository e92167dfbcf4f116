import type { Command } from 'commander';
import { administer } from '../administration.js';
import { EXIT, usage } from '../exit-code.js';
import { record, write } from '../output.js';
import { standardInput } from '../secret-input.js';

export function tokenCommands(program: Command): void {
  program
    .command('token')
    .description('tokens')
    .command('inspect [token]')
    .description('explain an access token, a refresh token or an XverifyApi value without spending it')
    .option('--project <ownerId>', 'the project of an XverifyApi value')
    .addHelpText(
      'after',
      '\nWithout a token, or with -, it is read from standard input, which the process list does not show.\n' +
        'Exits with 0 if the token would be accepted now, else with 1.',
    )
    .action(async (argument: string | undefined, { project }: { project?: string }, command: Command) => {
      const fromInput = argument === undefined || argument === '-';
      const text = (fromInput ? await standardInput() : argument).trim().replace(/^(?:Bearer|DPoP) +/i, '');
      if (text === '') throw usage('no token was given: pass it as an argument or on standard input');
      const inspection = await administer(command, (services) =>
        services.inspection.inspect(text, project ?? null),
      );
      const { kind, verifies, says, holds } = inspection;
      write(
        command,
        inspection,
        `${kind}: ${verifies ? 'verifies' : 'does not verify'}\n${says.join('\n')}\n\n${record(holds)}`,
      );
      if (!verifies) process.exitCode = EXIT.failure;
    });
}

import type { Command } from 'commander';
import { createHash, randomBytes } from 'node:crypto';
import { COMMAND_LINE } from '../../admin/administrator.js';
import { parsed } from '../../admin/input.js';
import { keyChangeSchema } from '../../admin/project/project-input.js';
import { rotatedPeppers } from '../../config/pepper.js';
import { administer } from '../administration.js';
import { environment } from '../environment.js';
import { given, toNumber } from '../option-values.js';
import { note, record, write } from '../output.js';
import { keyFrom } from './project-commands.js';
import { signingKeyCommands } from './signing-key-commands.js';

const SECRET_BYTES = 32;
const freshSecret = () => randomBytes(SECRET_BYTES).toString('base64url');

export function keyCommands(program: Command): void {
  const key = program.command('key').description('change keys');
  signingKeyCommands(key);
  const rotate = key.command('rotate').description('make a new key and say what to do with it');

  rotate
    .command('verify <ownerId>')
    .description("change a project's key of XverifyApi; prints it this once, the old one overlaps")
    .option(
      '--overlap-seconds <seconds>',
      'how long the old key is accepted besides; absent: 7 days',
      toNumber,
    )
    .option('--verify-cipher <cipher>', 'des-ecb, des-cbc or hmac-sha256; absent: as before')
    .option('--verify-key-file <file>', 'the key, from a file or - for standard input; absent: one is made')
    .option('--verify-iv <text>', 'the initialisation vector of des-cbc; absent: one is made')
    .action(async (ownerId: string, options: Record<string, unknown>, command: Command) => {
      const { verifyKeyFile, ...fields } = options;
      const input = parsed(keyChangeSchema, given({ ...fields, verifyKey: await keyFrom(verifyKeyFile) }));
      const changed = await administer((services) =>
        services.projects.changeKey(COMMAND_LINE, ownerId, input),
      );
      const { verifyCipher, verifyKey, verifyIv, verifyPreviousUntil } = changed;
      const told = { ownerId, verifyCipher, verifyKey, verifyIv, verifyPreviousUntil };
      write(command, told, record(told));
      note(
        'bo-auth: keep the verifyKey, it is not shown again; give it to the clients before verifyPreviousUntil',
      );
    });

  rotate
    .command('pepper')
    .description('print the TOKEN_PEPPER line with a new pepper in front of those there are')
    .action((_options: object, command: Command) => {
      const former = environment()['TOKEN_PEPPER'] ?? '';
      const { text, kid } = rotatedPeppers(former, freshSecret(), today());
      write(command, { TOKEN_PEPPER: text, current: kid }, `TOKEN_PEPPER=${text}`);
      if (former === '')
        note(
          'bo-auth: TOKEN_PEPPER was not set: refresh tokens made under the development default end with it.',
        );
      note(
        'bo-auth: put this line into the environment of all processes and restart them one by one, twice where there\n' +
          'are several: first with the new pepper last, so that each knows it, then as printed. bo-auth doctor says\n' +
          'when no session needs an old one any more.',
      );
    });

  rotate
    .command('jwt')
    .description('print a new JWT_SECRET')
    .action((_options: object, command: Command) => {
      const secret = freshSecret();
      write(command, { JWT_SECRET: secret }, `JWT_SECRET=${secret}`);
      note(
        'bo-auth: put this line into the environment of all processes and restart them. Access tokens signed with the\n' +
          'old secret are refused from then on; clients refresh, nobody has to sign in again.',
      );
    });

  rotate
    .command('operator')
    .description("print a new operator's token, and the line by which the service knows it")
    .action((_options: object, command: Command) => {
      const token = freshSecret();
      const hash = createHash('sha256').update(token).digest('hex');
      write(command, { token, OPERATOR_TOKEN_HASH: hash }, `token  ${token}\nOPERATOR_TOKEN_HASH=${hash}`);
      note(
        'bo-auth: give the token to the operator alone, and the line to the environment; the token is not kept',
      );
    });
}

/** `20261123`: names a pepper by the day it was made. */
function today(): string {
  return new Date().toISOString().slice(0, 10).replaceAll('-', '');
}

import type { Command } from 'commander';
import { createHash, randomBytes } from 'node:crypto';
import { COMMAND_LINE } from '../../admin/administrator.js';
import { parsed } from '../../admin/input.js';
import { keyChangeSchema } from '../../admin/project/project-input.js';
import { rotatedJwtSecrets } from '../../config/jwt-secrets.js';
import { rotatedPeppers } from '../../config/pepper.js';
import { administer } from '../administration.js';
import { environment } from '../environment.js';
import {
  VERIFICATION_CIPHERS,
  VERIFICATION_PADDINGS,
} from '../../tenancy/verification/verification-profile.js';
import { given, oneOf, toNumber } from '../option-values.js';
import { note, record, write } from '../output.js';
import { keyFrom, VERIFY_IV } from './project-commands.js';
import { sealCommands } from './seal-commands.js';
import { signingKeyCommands } from './signing-key-commands.js';

const WITHOUT_OVERLAP = `\
bo-auth: put this line into the environment of all processes and restart them. Access tokens signed with the
old secret are then refused; clients refresh, and no user has to sign in again.`;

const WITH_OVERLAP = `\
bo-auth: put this line into the environment of all processes and restart them one by one. With several processes
do it twice: first with the new secret moved to the end, so that every process knows it, then as printed. Once
the access tokens of the old secret have expired, set JWT_SECRET to the new secret alone, without its id.`;

const SECRET_BYTES = 32;
const freshSecret = () => randomBytes(SECRET_BYTES).toString('base64url');

export function keyCommands(program: Command): void {
  const key = program.command('key').description('rotate secrets, manage signing keys');
  signingKeyCommands(key);
  sealCommands(key);
  const rotate = key.command('rotate').description('create a new key or secret and say where to put it');

  rotate
    .command('verify <ownerId>')
    .description(
      'replace the XverifyApi key of a project and print it once; the old key stays valid for a while',
    )
    .option('--overlap-seconds <seconds>', 'how long the old key stays valid (default: 7 days)', toNumber)
    .option('--verify-cipher <cipher>', `${oneOf(VERIFICATION_CIPHERS)} (default: unchanged)`)
    .option(
      '--verify-key-file <file>',
      'read the key from a file, or from standard input by - (default: a random key)',
    )
    .option(...VERIFY_IV)
    .option('--verify-padding <padding>', `${oneOf(VERIFICATION_PADDINGS)} (default: unchanged)`)
    .action(async (ownerId: string, options: Record<string, unknown>, command: Command) => {
      const { verifyKeyFile, ...fields } = options;
      const input = parsed(keyChangeSchema, given({ ...fields, verifyKey: await keyFrom(verifyKeyFile) }));
      const changed = await administer(command, (services) =>
        services.projects.changeKey(COMMAND_LINE, ownerId, input),
      );
      const { verifyCipher, verifyKey, verifyIv, verifyPadding, verifyPreviousUntil } = changed;
      const shown = { ownerId, verifyCipher, verifyKey, verifyIv, verifyPadding, verifyPreviousUntil };
      write(command, shown, record(shown));
      note(
        'bo-auth: save the verifyKey, it is not shown again; deploy it to the clients before verifyPreviousUntil',
      );
    });

  rotate
    .command('pepper')
    .description('print a TOKEN_PEPPER line with a new pepper before the existing ones')
    .action((_options: object, command: Command) => {
      const former = environment()['TOKEN_PEPPER'] ?? '';
      const { text, id } = rotatedPeppers(former, freshSecret(), today());
      write(command, { TOKEN_PEPPER: text, current: id }, `TOKEN_PEPPER=${text}`);
      if (former === '')
        note(
          'bo-auth: TOKEN_PEPPER was not set: refresh tokens issued under the development default stop working.',
        );
      note(
        'bo-auth: put this line into the environment of all processes and restart them one by one. With several\n' +
          'processes do it twice: first with the new pepper moved to the end, so that every process knows it, then as\n' +
          'printed. bo-auth doctor reports when no session needs an old pepper any more.',
      );
    });

  rotate
    .command('jwt')
    .description('print a JWT_SECRET line with a new secret before the existing ones')
    .action((_options: object, command: Command) => {
      const secret = freshSecret();
      const former = environment()['JWT_SECRET'] ?? '';
      const list = former === '' ? null : rotatedJwtSecrets(former, secret, today());
      write(command, { JWT_SECRET: list ?? secret }, `JWT_SECRET=${list ?? secret}`);
      note(list === null ? WITHOUT_OVERLAP : WITH_OVERLAP);
    });

  rotate
    .command('operator')
    .description('print a new operator token, and the environment line with its hash')
    .action((_options: object, command: Command) => {
      const token = freshSecret();
      const hash = createHash('sha256').update(token).digest('hex');
      write(command, { token, OPERATOR_TOKEN_HASH: hash }, `token  ${token}\nOPERATOR_TOKEN_HASH=${hash}`);
      note(
        'bo-auth: give the token only to the operator and put the line into the environment; the token is not stored',
      );
    });
}

/** E.g. `20261123`: the name of a pepper is its creation date. */
function today(): string {
  return new Date().toISOString().slice(0, 10).replaceAll('-', '');
}

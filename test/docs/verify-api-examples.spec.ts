import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COMMAND_LINE } from '../../src/admin/administrator.js';
import { ProjectAdministration } from '../../src/admin/project/project-administration.js';
import { call, startApp, type TestApp } from '../support/app.js';

const FOLDER = 'docs/examples/verify-api';
const CIPHERS = ['hmac-sha256', 'des-ecb', 'des-cbc'] as const;
/** DES cuts it to 8 bytes. */
const KEY = 'a key of these examples';
/** DES fills it with zeros. */
const IV = 'vector';

const run = promisify(execFile);
const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

// Debian's module of DES fits Debian's own Python, which need not be the first on the PATH.
const PYTHONS = ['/usr/bin/python3', 'python3'];
const python = PYTHONS.find((each) => works(each, '-c', 'import sys'));
const pythonWithDes = PYTHONS.find((each) => works(each, '-c', 'import Cryptodome'));
/** For a program that ends at once. */
const JVM = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const javac = (...args: string[]) => [...JVM.map((option) => `-J${option}`), ...args];
const hasJava = works('javac', ...javac('-version'));
const hasMono = works('mono', '--version') && works('mcs', '--version');

/** The command that runs each example for a cipher; `null` if this machine cannot. */
const EXAMPLES: readonly [string, (cipher: string) => readonly string[] | null][] = [
  ['verify-api.mjs', () => ['node', `${FOLDER}/verify-api.mjs`]],
  [
    'verify_api.py',
    (cipher) => {
      const found = cipher === 'hmac-sha256' ? python : pythonWithDes;
      return found === undefined ? null : [found, `${FOLDER}/verify_api.py`];
    },
  ],
  ['VerifyApi.java', () => (hasJava ? ['java', ...JVM, '-cp', folder, 'VerifyApi'] : null)],
  ['VerifyApi.cs', () => (hasMono ? ['mono', join(folder, 'verify-api.exe')] : null)],
];

let test: TestApp;
const folder = mkdtempSync(join(tmpdir(), 'bo-examples-'));
beforeAll(async () => {
  if (hasJava) await run('javac', javac('-d', folder, `${FOLDER}/VerifyApi.java`));
  if (hasMono) await run('mcs', [`-out:${join(folder, 'verify-api.exe')}`, `${FOLDER}/VerifyApi.cs`]);
  test = await startApp();
  const projects = test.app.get(ProjectAdministration, { strict: false });
  for (const verifyCipher of CIPHERS)
    await projects.add(COMMAND_LINE, {
      ownerId: verifyCipher,
      name: verifyCipher,
      verifyCipher,
      verifyKey: KEY,
      verifyIv: verifyCipher === 'des-cbc' ? IV : undefined,
      verifyStampRequired: true,
    });
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

describe.each(EXAMPLES)('the example %s', (file, command) => {
  for (const cipher of CIPHERS)
    (command(cipher) === null ? it.skip : it)(
      `makes values of ${cipher} that the service accepts`,
      async () => {
        const [name = '', ...args] = command(cipher) ?? [];
        const { stdout } = await run(name, [...args, cipher, KEY, IV]);
        const answer = await call(test, { url: '/auth/user', owner: cipher, verify: stdout.trim() });
        // A value that is refused would be VERIFY_API_REFUSED.
        expect(answer.body.error.errorCode).toBe('ACCESS_TOKEN_REFUSED');
      },
    );

  it('is in the documentation as it is', async () => {
    const page = (await readFile('docs/verify-api.md', 'utf8')).replaceAll('\r', '');
    expect(page).toContain(`\n${await readFile(`${FOLDER}/${file}`, 'utf8')}\`\`\`\n`);
  });
});

import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, type Given, TestCommandLine } from '../support/command-line.js';

export let folder: string;
export let database: string;
export let commandLine: TestCommandLine;
export const bo = (args: readonly string[], given?: Given): Promise<Ended> => commandLine.run(args, given);

/** What a command that must succeed prints as JSON. */
export async function json<T = Record<string, unknown>>(
  args: readonly string[],
  given: Given = {},
): Promise<T> {
  const ended = await bo([...args, '--json'], given);
  if (ended.code !== 0) throw new Error(`${args.join(' ')}: ${ended.code} ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

export const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

export function openWorkplace(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bo-auth-cli-'));
    database = `sqlite:${join(folder, 'data', 'cli.sqlite')}`;
    commandLine = new TestCommandLine(folder, { DATABASE_URL: database, PLUGINS_DIR: './plugins' });
    const made = await bo(['migrate']);
    expect(made.code).toBe(0);
    await json(['project', 'add', 'shop', '--verify-cipher', 'des-ecb', '--verify-key-file', '-'], {
      input: 'shop-key\n',
    });
    await json(['user', 'add', 'shop', 'u1', '--password-file', '-'], { input: 'u1-password' });
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
}

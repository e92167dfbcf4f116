import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError, usage } from './exit-code.js';

/**
 * Reads a secret from a file, from standard input, or from who types it. Never from an argument: the list of
 * processes and the shell's history show those.
 *
 * @param file `-` is standard input
 * @param option what to name where nothing can be read
 */
export async function readSecret(what: string, file: string | undefined, option: string): Promise<string> {
  if (file === undefined && process.stdin.isTTY) return typed(what);
  const text = file === undefined || file === '-' ? await standardInput() : await fileText(file);
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '')
    throw usage(
      `there is no ${what} in what was read: write it to standard input, or name a file by ${option}`,
    );
  return line;
}

async function fileText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usage(`the file ${JSON.stringify(file)} cannot be read (${codeOf(error)})`);
  }
}

/** Everything on standard input. */
export async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function typed(what: string): Promise<string> {
  const first = await asked(`New ${what}: `);
  if ((await asked(`Again: `)) !== first) throw usage(`the two were not the same: nothing was changed`);
  return first;
}

/** The terminal's echo goes nowhere. */
async function asked(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question('');
  } catch {
    // Ctrl+C or Ctrl+D: he thought better of it.
    throw new CommandError('nothing was typed: nothing was changed');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

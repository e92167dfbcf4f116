import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError, usage } from './exit-code.js';

/**
 * Reads a secret from a file, from standard input or from a prompt. Never from an argument: the process list and the
 * shell history show those.
 *
 * @param file `-` is standard input; absent: a prompt on a terminal, else standard input
 * @param option the option that the error message names if there is no secret
 */
export async function readSecret(what: string, file: string | undefined, option: string): Promise<string> {
  if (file === undefined && process.stdin.isTTY) return typed(what);
  const text = file === undefined || file === '-' ? await standardInput() : await fileText(file);
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '')
    throw usage(`no ${what} was given: write it to standard input, or give a file by ${option}`);
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
  if ((await asked(`Again: `)) !== first) throw usage('the two entries differ: nothing was changed');
  return first;
}

/** Reads a line without echo. */
async function asked(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question('');
  } catch {
    // Ctrl+C or Ctrl+D.
    throw new CommandError('cancelled: nothing was changed');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

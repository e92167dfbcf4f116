import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const MAIN = resolve('dist/cli/main.js');
const DRIVER = resolve('test/support/command-line-driver.mjs');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Given {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The line on stderr by which a command says which database it uses. */
export const DATABASE_LINE = /^database: (sqlite|postgres):\S+\n$/;

/** Runs the built command line in a folder, with its own environment. */
export class TestCommandLine {
  constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    if (!existsSync(MAIN))
      throw new Error('npm run build first: the command line is tested as it is shipped');
  }

  /** Runs command lines one after the other in a process that all specs share: starting one takes a second. */
  run(args: readonly string[], { input = '', env = {} }: Given = {}): Promise<Ended> {
    const { folder } = this;
    const ended = turn.then(() => drive({ folder, args, input, env: { ...this.env, ...env } }));
    turn = ended.catch(() => undefined);
    return ended;
  }

  /** Runs one command line in a separate process, like a shell. */
  async start(args: readonly string[], { input, env = {} }: Given = {}): Promise<Ended> {
    const child = spawn(MAIN, args, {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '', ...this.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const code = await new Promise<number | null>((done, fail) => {
      child.on('error', fail);
      child.on('close', done);
    });
    return { code, stdout, stderr };
  }
}

let driver: ChildProcess | null = null;
let turn: Promise<unknown> = Promise.resolve();

function drive(work: {
  folder: string;
  args: readonly string[];
  input: string;
  env: object;
}): Promise<Ended> {
  const child = driver ?? fork(DRIVER, { env: { PATH: process.env['PATH'] } });
  if (driver === null) child.once('exit', () => (driver = null));
  driver = child;
  // Only a command that runs keeps the worker alive; the driver ends with the worker.
  for (const each of [child, child.channel]) each?.ref();
  return new Promise<Ended>((done, fail) => {
    const gone = (code: number | null) => fail(new Error(`${work.args.join(' ')}: ended with ${code}`));
    child.once('exit', gone);
    child.once('message', (ended: Ended) => {
      child.off('exit', gone);
      done(ended);
    });
    child.send(work, (error) => error !== null && fail(error));
  }).finally(() => {
    for (const each of [child, child.channel]) each?.unref();
  });
}

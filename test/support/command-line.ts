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
  private driver: ChildProcess | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    if (!existsSync(MAIN))
      throw new Error('npm run build first: the command line is tested as it is shipped');
  }

  /** Runs command lines one after the other in one process, because starting a process takes seconds. */
  run(args: readonly string[], { input = '', env = {} }: Given = {}): Promise<Ended> {
    const ended = this.turn.then(() => this.drive({ args, input, env: { ...this.env, ...env } }));
    this.turn = ended.catch(() => undefined);
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

  close(): void {
    this.driver?.kill();
  }

  private drive(work: { args: readonly string[]; input: string; env: object }): Promise<Ended> {
    this.driver ??= fork(DRIVER, { cwd: this.folder, env: { PATH: process.env['PATH'] } });
    const { driver } = this;
    return new Promise((done, fail) => {
      const gone = (code: number | null) => fail(new Error(`${work.args.join(' ')}: ended with ${code}`));
      driver.once('exit', gone);
      driver.once('message', (ended: Ended) => {
        driver.off('exit', gone);
        done(ended);
      });
      driver.send(work);
    });
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { eventually, freePort } from './temporary.js';

const START_MS = 90_000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Launch {
  /** The working directory; a new empty folder if absent. */
  readonly folder?: string;
  /** A descriptor to write the log to; its lines are then not seen here. */
  readonly stdout?: 'pipe' | number;
  /** Options for `node` itself, before the program. */
  readonly nodeOptions?: readonly string[];
  /** What is started instead of the service. */
  readonly program?: string;
}

/** The built service, `node dist/main.js`, as an operator starts it. */
export class ServiceProcess {
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = new Promise((done) => {
      child.on('close', (code, signal) => done({ code, signal }));
    });
  }

  /** Starts it and does not wait: some tests let the start fail. */
  static async spawn(
    env: Readonly<Record<string, string>>,
    {
      folder = newFolder(),
      stdout = 'pipe',
      nodeOptions = [],
      program = resolve('dist/main.js'),
    }: Launch = {},
  ): Promise<ServiceProcess> {
    await built();
    const { PORT = String(await freePort()) } = env;
    const child = spawn(process.execPath, [...nodeOptions, program], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', RATE_LIMIT_PER_MINUTE: '0', ...env, PORT },
      stdio: ['ignore', stdout, 'pipe'],
    });
    running.add(child);
    child.on('exit', () => running.delete(child));
    return new ServiceProcess(child, Number(PORT));
  }

  /** Starts it over HTTP and waits until it is ready. */
  static async start(env: Readonly<Record<string, string>>, launch?: Launch): Promise<ServiceProcess> {
    const service = await ServiceProcess.spawn(env, launch);
    await service.listening();
    await eventually('ready', () => service.isReady(), START_MS);
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @returns the base URL as the log names it */
  async listening(): Promise<string> {
    const isOver = () => this.count('listening') > 0 || hasEnded(this.child);
    await eventually('listening', isOver, START_MS).catch(() => this.child.kill('SIGKILL'));
    const line = this.lines().find(({ msg }) => msg === 'listening');
    if (line !== undefined) return String(line['url']);
    await this.exited;
    throw new Error(`it does not listen: ${this.stderr} ${this.stdout}`);
  }

  async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.url}/health/ready`);
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  /** Number of log lines with this message. */
  count(message: string): number {
    return this.stdout.split(`"msg":"${message}"`).length - 1;
  }

  lines(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async kill(signal: NodeJS.Signals): Promise<Exit> {
    this.child.kill(signal);
    return this.exited;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

const running = new Set<ChildProcess>();
const folders: string[] = [];

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bo-process-'));
  folders.push(folder);
  return folder;
}

/** Kills processes that a failed test left behind. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

let building: Promise<unknown> | null = null;

/** Builds the service if needed: `npm test` builds it, running a single spec does not. */
export function built(): Promise<unknown> {
  building ??= isFresh()
    ? Promise.resolve()
    : promisify(execFile)('npm', ['run', 'build', '--', '--noCheck']);
  return building;
}

function isFresh(): boolean {
  const stamp = statSync('dist/.tsbuildinfo', { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return sources.every((file) => statSync(join('src', file)).mtimeMs <= stamp);
}

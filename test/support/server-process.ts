import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const PATIENCE_MS = 30_000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `node dist/main.js` in a new empty folder. */
export class ServerProcess {
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;

  private constructor(
    readonly child: ChildProcess,
    readonly folder: string,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = new Promise((done) => {
      child.on('close', (code, signal) => done({ code, signal }));
    });
  }

  /** @param stdout a descriptor to write the log to; its lines are then not seen here */
  static async spawn(
    env: Record<string, string>,
    folder = newFolder(),
    stdout: 'pipe' | number = 'pipe',
  ): Promise<ServerProcess> {
    await built();
    const child = spawn(process.execPath, [resolve('dist/main.js')], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', RATE_LIMIT_PER_MINUTE: '0', ...env },
      stdio: ['ignore', stdout, 'pipe'],
    });
    running.add(child);
    child.on('exit', () => running.delete(child));
    return new ServerProcess(child, folder);
  }

  /** @returns the base URL */
  async listening(): Promise<string> {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      const line = this.lines().find(({ msg }) => msg === 'listening');
      if (line !== undefined) return String(line['url']);
      if (this.child.exitCode !== null) break;
      await new Promise((done) => {
        setTimeout(done, 20);
      });
    }
    throw new Error(`it does not listen: ${this.stderr} ${this.stdout}`);
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
    : promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  return building;
}

function isFresh(): boolean {
  const stamp = statSync('dist/.tsbuildinfo', { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' });
  return sources.every((file) => statSync(join('src', file)).mtimeMs <= stamp);
}

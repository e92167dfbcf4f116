import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomSource } from './random-source.js';
import type { Ports } from './token-api.js';

/** Several server processes on one database, with fault injection. */
export interface Cluster extends Ports {
  /** Kills a process with SIGKILL. Resolves when it has ended. */
  kill(process: number): Promise<void>;
  /** Stops a process with SIGTERM, like a rolling restart. Resolves when it has ended. */
  stop(process: number): Promise<void>;
  /** Restarts an ended process on the same port. Resolves when it is ready. */
  start(process: number): Promise<void>;
  /** Freezes a process for a time, at an arbitrary point of its work. */
  pause(process: number, milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly processes: number;
  /** The built entry, `dist/main.js`. */
  readonly main: string;
  readonly environment: Readonly<Record<string, string>>;
}

const READY_WITHIN_MS = 180_000;
const STOPS_WITHIN_MS = 15_000;

/** How many of the last characters of each process's output to keep. */
const KEPT_OUTPUT = 4000;

/** Several processes of `node dist/main.js`. */
export class ServerProcesses implements Cluster {
  private readonly children: (ChildProcess | undefined)[] = [];
  private readonly output: string[] = [];

  private constructor(
    private readonly options: ServerOptions,
    private readonly ports: readonly number[],
  ) {}

  /**
   * Starts the first process alone (it migrates and writes the demo data), runs `prepare`, then starts the others.
   * Nothing has been asked yet, so the first process has no copy of what `prepare` changes.
   */
  static async launch(
    options: ServerOptions,
    random: RandomSource,
    prepare: () => Promise<void>,
  ): Promise<ServerProcesses> {
    const ports: number[] = [];
    while (ports.length < options.processes) {
      const port = await freePort(random);
      if (!ports.includes(port)) ports.push(port);
    }
    const servers = new ServerProcesses(options, ports);
    try {
      await servers.start(0);
      await prepare();
      await Promise.all(ports.map((_, index) => servers.start(index)));
      return servers;
    } catch (error) {
      await servers.close();
      throw error;
    }
  }

  get size(): number {
    return this.ports.length;
  }

  port(index: number): number {
    const port = this.ports[index];
    if (port === undefined) throw new RangeError(`no process ${index}`);
    return port;
  }

  /** The last output of a process, for failure reports. */
  printed(index: number): string {
    return this.output[index] ?? '';
  }

  async start(index: number): Promise<void> {
    if (this.children[index] !== undefined) return;
    const child = spawn(process.execPath, [this.options.main], {
      env: { ...process.env, ...this.options.environment, HOST: '127.0.0.1', PORT: String(this.port(index)) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.children[index] = child;
    const keep = (chunk: Buffer) => {
      this.output[index] = `${this.output[index] ?? ''}${chunk.toString('utf8')}`.slice(-KEPT_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('exit', () => {
      if (this.children[index] === child) this.children[index] = undefined;
    });
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.ready(index))) {
      if (this.children[index] !== child) {
        throw new Error(`server ${index} ended at its start:\n${this.printed(index)}`);
      }
      if (Date.now() > deadline) throw new Error(`server ${index} is not ready:\n${this.printed(index)}`);
      await sleep(50);
    }
  }

  kill(index: number): Promise<void> {
    return this.end(index, 'SIGKILL');
  }

  stop(index: number): Promise<void> {
    return this.end(index, 'SIGTERM');
  }

  async pause(index: number, milliseconds: number): Promise<void> {
    const child = this.children[index];
    child?.kill('SIGSTOP');
    await sleep(milliseconds);
    child?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await Promise.all(this.ports.map((_, index) => this.stop(index)));
  }

  private async end(index: number, signal: NodeJS.Signals): Promise<void> {
    const child = this.children[index];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const hanging = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
    await gone;
    clearTimeout(hanging);
  }

  private async ready(index: number): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port(index)}/health/ready`, {
        signal: AbortSignal.timeout(2000),
      });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  }
}

/** Below the ephemeral port range, so that the port of a killed server is still free at its restart. */
async function freePort(random: RandomSource): Promise<number> {
  for (;;) {
    const port = 20_000 + random.below(12_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1' }, () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

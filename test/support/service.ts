import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { resolve } from 'node:path';
import { encryptByDES, VERIFY_KEYS } from './app.js';
import { eventually, freePort } from './temporary.js';

const MAIN = resolve('dist/main.js');

/** The built service as an operator starts it, in one or more processes. */
export class Service {
  /** The lines of the log. */
  readonly log: string[] = [];
  private readonly child: ChildProcess;

  private constructor(
    readonly port: number,
    env: Readonly<Record<string, string>>,
  ) {
    if (!existsSync(MAIN)) throw new Error('this test runs the built service: npm run build');
    this.child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), RATE_LIMIT_PER_MINUTE: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => this.log.push(...chunk.toString().split('\n').filter(Boolean)));
  }

  static async start(env: Readonly<Record<string, string>>, port?: number): Promise<Service> {
    const service = new Service(port ?? (await freePort()), env);
    try {
      await eventually('ready', () => service.child.exitCode !== null || service.isReady(), 90_000);
      if (service.child.exitCode !== null) throw new Error('it has ended');
    } catch (error) {
      await service.kill();
      throw new Error(service.log.slice(-10).join('\n'), { cause: error });
    }
    return service;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** @returns the exit code */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }

  /** Number of log lines with this message. */
  count(message: string): number {
    return this.log.filter((line) => line.includes(`"msg":"${message}"`)).length;
  }

  async isReady(): Promise<boolean> {
    try {
      return (await this.get('/health/ready', new Agent())).status === 200;
    } catch {
      return false;
    }
  }

  /** Refreshes with the documented call. */
  refresh(refreshToken: string, agent: Agent, owner = 'ptdev'): Promise<HttpAnswer> {
    return this.get(`/bo/api/v3/auth/token/refresh?refreshToken=${refreshToken}`, agent, {
      XownerId: owner,
      XverifyApi: encryptByDES(`${randomUUID()}|${Date.now()}`, VERIFY_KEYS[owner] ?? ''),
    });
  }

  get(path: string, agent: Agent, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: this.port, path, headers, agent }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text, connection: answer.headers.connection ?? '' }),
        );
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end();
    });
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly connection: string;
}

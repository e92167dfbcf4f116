import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createClient } from 'redis';
import { eventually, freePort, temporaryFolder } from './temporary.js';

/**
 * A Redis server for one test: `redis-server` from the PATH; installs it first if running as root on Debian.
 *
 * Tests stop, kill and flush it. Only tests that do none of these use the server of `REDIS_URL`.
 */
export class RedisServer {
  private child: ChildProcess | null = null;
  private readonly folder = temporaryFolder();

  private constructor(readonly port: number) {}

  /** @param now whether to start it now; otherwise {@link resume} does */
  static async start(now = true): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    if (now) await server.resume();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async resume(): Promise<void> {
    const child = spawn(
      redisServer(),
      [
        '--port',
        String(this.port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        this.folder.path,
      ],
      { stdio: 'ignore' },
    );
    this.child = child;
    await eventually('redis-server answers', () =>
      this.command('PING').then(
        () => true,
        () => false,
      ),
    );
  }

  async command(...words: string[]): Promise<unknown> {
    const client = createClient({
      url: this.url,
      socket: { reconnectStrategy: false },
      disableOfflineQueue: true,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(words);
    } finally {
      await client.disconnect();
    }
  }

  /** Blocks this process until Redis has answered this and all earlier commands. */
  pingAndWait(): void {
    execFileSync('redis-cli', ['-p', String(this.port), 'PING']);
  }

  /** Freezes the server: connections stay open but get no answer. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    this.folder.remove();
  }
}

let found: string | null = null;

function redisServer(): string {
  found ??= onPath() ?? installed();
  return found;
}

function onPath(): string | null {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return 'redis-server';
  } catch {
    return null;
  }
}

function installed(): string {
  if (process.getuid?.() === 0) {
    try {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore', timeout: 120_000 });
      // Debian's package would start a server.
      const install = ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'];
      execFileSync('apt-get', install, { env: { ...env, RUNLEVEL: '1' }, stdio: 'ignore', timeout: 180_000 });
      const path = onPath();
      if (path !== null) return path;
    } catch {
      // reported below
    }
  }
  throw new Error(
    'these tests need redis-server on the PATH: e.g. apt-get install redis-server, brew install redis',
  );
}

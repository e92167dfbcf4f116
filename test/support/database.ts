import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/**
 * A database of its own for one spec, on the Postgres server that all specs of a run share.
 * A spec that stops the server or closes its connections starts a `PostgresServer` instead.
 */
export class TestDatabase {
  private constructor(
    readonly url: string,
    private readonly server: string,
  ) {}

  /** @returns a new, empty database */
  static async create(): Promise<TestDatabase> {
    const server = await serverOfThisRun();
    const url = new URL(server);
    url.pathname = `spec_${randomBytes(8).toString('hex')}`;
    const database = new TestDatabase(url.href, server);
    await database.administer('CREATE DATABASE');
    return database;
  }

  /** Drops it, and closes the connections that are left. */
  async drop(): Promise<void> {
    await this.administer('DROP DATABASE', 'WITH (FORCE)');
  }

  private async administer(statement: string, options = ''): Promise<void> {
    const client = new Client(this.server);
    await client.connect();
    try {
      await client.query(`${statement} ${new URL(this.url).pathname.slice(1)} ${options}`);
    } finally {
      await client.end();
    }
  }
}

/** @see test/runner/postgres-host.mjs */
async function serverOfThisRun(): Promise<string> {
  const answer = await fetch(process.env['TEST_POSTGRES'] ?? '');
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

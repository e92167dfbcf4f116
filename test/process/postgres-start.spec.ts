import { ConsoleLogger, Logger } from '@nestjs/common';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Client } from 'pg';
import { explained } from '../../src/database/explain-failure.js';
import { StartLock } from '../../src/database/start-lock.js';
import { startFailure } from '../../src/start-failure.js';
import { login, refresh, startApp } from '../support/app.js';
import { TestCommandLine } from '../support/command-line.js';
import { TestDatabase } from '../support/database.js';
import { built, endAll, newFolder, ServiceProcess } from '../support/service-process.js';
import { freePort } from '../support/temporary.js';

let database: TestDatabase;
let url: string;
let commandLine: TestCommandLine;
beforeAll(async () => {
  await built();
  commandLine = new TestCommandLine(newFolder(), {});
  database = await TestDatabase.create();
  url = database.url;
}, 180_000);
afterAll(async () => {
  endAll();
  await database?.drop();
  // Roles outlive the database, and the server is shared.
  await sql(changed({ pathname: '/postgres' }), 'DROP ROLE IF EXISTS crowd', 'DROP ROLE IF EXISTS clerk');
});

/** One command line after the other, on a database. */
const bo = (DATABASE_URL: string, ...args: readonly string[]) =>
  commandLine.run(args, { env: { DATABASE_URL } });

/** The URL with other credentials, another port or another database. */
function changed(parts: Partial<Pick<URL, 'username' | 'password' | 'port' | 'pathname'>>): string {
  return Object.assign(new URL(url), parts).href;
}

const place = (of: string) => of.replace(/\/\/[^@]*@/, '//');

/** @returns the rows of the last statement */
async function sql(on: string, ...statements: string[]): Promise<Record<string, string>[]> {
  const client = new Client(on);
  await client.connect();
  let rows: Record<string, string>[] = [];
  for (const statement of statements) ({ rows } = await client.query(statement));
  await client.end();
  return rows;
}

describe('a Postgres that refuses says so in one line, in the service, doctor and a command alike', () => {
  async function refusal(DATABASE_URL: string): Promise<string> {
    const started = await ServiceProcess.spawn({ DATABASE_URL });
    expect(await started.exited).toEqual({ code: 1, signal: null });
    expect(started.stderr).toMatch(/^bo-auth: DATABASE_URL: [^\n]+\n$/);
    expect(started.stdout).not.toContain(' at ');
    expect(started.stdout + started.stderr).not.toContain(`${new URL(DATABASE_URL).password}@`);
    return started.stderr.slice('bo-auth: '.length).trim();
  }

  /** The same line, without a process. */
  const lineFor = async (DATABASE_URL: string) =>
    startFailure(await startApp({ DATABASE_URL, LOG_LEVEL: 'silent' }).catch((error: unknown) => error));

  it('for a wrong password', async () => {
    const wrong = changed({ password: 'not-this-one' });
    const line = await refusal(wrong);
    expect(line).toBe(
      `DATABASE_URL: ${place(url)} refuses the password of the user postgres (28P01): ` +
        'correct user and password; characters such as @ : / % must be percent-encoded',
    );
    const command = await bo(wrong, 'project', 'list', '--json');
    expect(JSON.parse(command.stderr)).toEqual({ error: { code: 'UNAVAILABLE', message: line } });
    const doctor = await bo(wrong, 'doctor');
    expect(doctor.code).toBe(1);
    const [says = '', todo = ''] = line.split(/(?<=\)): /);
    expect(doctor.stdout).toContain(says);
    expect(doctor.stdout).toContain(todo);
    expect((await bo(wrong, 'migrate')).stderr).toBe(`bo-auth: ${line}\n`);
  }, 60_000);

  it('for no password', async () => {
    expect(await lineFor(url.replace(':postgres@', '@'))).toContain(
      'refuses the password of the user postgres (28P01)',
    );
  });

  it('for a missing database', async () => {
    expect(await lineFor(changed({ pathname: '/Not-there' }))).toBe(
      `DATABASE_URL: ${place(changed({ pathname: '/Not-there' }))} does not exist (3D000): ` +
        'correct its name, or create it: CREATE DATABASE "Not-there"',
    );
  });

  it('for too many connections', async () => {
    await sql(url, `CREATE ROLE crowd LOGIN PASSWORD 'crowd-password' CONNECTION LIMIT 0`);
    const line = await lineFor(changed({ username: 'crowd', password: 'crowd-password' }));
    expect(line).toContain(' has too many connections (53300): raise max_connections');
  });

  it('for a role that may not create tables, until its right is granted', async () => {
    await sql(
      url,
      `CREATE ROLE clerk LOGIN PASSWORD 'clerk-password'`,
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    );
    const clerk = changed({ username: 'clerk', password: 'clerk-password' });
    const line = await lineFor(clerk);
    expect(line).toMatch(/ denies the user clerk a right.* \(42501\): /);
    const [grant = ''] = /GRANT CREATE ON SCHEMA public TO clerk$/.exec(line) ?? [];
    await sql(url, grant);
    const test = await startApp({ DATABASE_URL: clerk });
    await test.close();
  }, 60_000);
});

describe('a Postgres that is absent', () => {
  let lines: unknown[][] = [];
  const ignore = () => undefined;
  beforeEach(() => {
    lines = [];
    Logger.overrideLogger({ log: ignore, error: ignore, warn: (...line: unknown[]) => lines.push(line) });
  });
  afterEach(() => Logger.overrideLogger(new ConsoleLogger()));

  const failureOf = (absent: string, waitMs?: number) => {
    const database = { kind: 'postgres', url: absent } as const;
    return explained(database, () => StartLock.of(database, null, waitMs).hold(async () => 'held')).catch(
      startFailure,
    );
  };

  it('is waited for, and then named', async () => {
    const absent = `postgres://bo:secret@127.0.0.1:${await freePort()}/bo`;
    const line = await failureOf(absent, 700);
    expect(line).toBe(
      `DATABASE_URL: ${place(absent)} cannot be reached: nothing listens at its address (ECONNREFUSED): ` +
        'start Postgres, or correct host and port',
    );
    expect(lines).toEqual([
      [
        {
          code: 'ECONNREFUSED',
          reason: `${place(absent)} cannot be reached: nothing listens at its address (ECONNREFUSED)`,
          givesUpInSeconds: 1,
        },
        'waiting for the database',
        'StartLock',
      ],
    ]);
  });

  it('whose host does not exist or does not answer is named', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const [unknown, quiet] = await Promise.all([
      failureOf('postgres://bo:secret@host.invalid/bo', 1),
      failureOf(`postgres://bo:secret@127.0.0.1:${port}/bo`, 1),
    ]);
    silent.close();
    expect(unknown).toMatch(
      /^DATABASE_URL: postgres:\/\/host\.invalid\/bo cannot be reached: its host name cannot be resolved \(E/,
    );
    expect(quiet).toContain(`${port}/bo does not answer (CONNECTION_SILENT): check host and port`);
  }, 30_000);

  it('is logged again only when the reason changes', async () => {
    let connections = 0;
    const said = Buffer.from('SFATAL\0C57P03\0Mstarting up\0\0');
    const missing = Buffer.from('SFATAL\0C3D000\0Mdatabase "bo" does not exist\0\0');
    const fake = createServer((socket) => {
      connections++;
      socket.on('error', () => undefined);
      if (connections <= 2) return socket.destroy();
      return socket.once('data', () => {
        const text = connections <= 4 ? said : missing;
        const head = Buffer.from('E\0\0\0\0');
        head.writeInt32BE(text.length + 4, 1);
        socket.end(Buffer.concat([head, text]));
      });
    }).listen(0, '127.0.0.1');
    await once(fake, 'listening');
    const line = await failureOf(`postgres://bo:x@127.0.0.1:${(fake.address() as AddressInfo).port}/bo`);
    fake.close();
    expect(line).toContain('does not exist (3D000)');
    expect(connections).toBe(5);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject([{ code: '57P03' }, 'waiting for the database', 'StartLock']);
  }, 30_000);

  it('does not keep the service from ending on a signal', async () => {
    const absent = await ServiceProcess.spawn({
      DATABASE_URL: `postgres://bo:secret@127.0.0.1:${await freePort()}/bo`,
    });
    while (!absent.stdout.includes('waiting for the database')) await once(absent.child.stdout!, 'data');
    const { code } = await absent.kill('SIGTERM');
    expect(code).toBe(0);
    expect(absent.stdout).not.toContain('secret');
  }, 60_000);
});

it('works over a Unix socket, with TypeORM and the pool alike', async () => {
  const empty = await TestDatabase.create();
  const { port, pathname } = new URL(empty.url);
  const [setting] = await sql(url, 'SHOW unix_socket_directories');
  const place = `${pathname}?host=${setting?.['unix_socket_directories']}&port=${port}`;
  const socket = `postgres://postgres:postgres@${place}`;
  const test = await startApp({ DATABASE_URL: socket });
  const { refreshToken } = await login(test);
  expect((await refresh(test, refreshToken)).status).toBe(200);
  await test.close();
  const listed = await bo(socket, 'project', 'list');
  expect(listed).toMatchObject({
    code: 0,
    stderr: `database: postgres://${place}\n`,
  });
  expect(listed.stdout).toContain('ptdev');
  await empty.drop();
}, 60_000);

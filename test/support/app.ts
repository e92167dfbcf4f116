import { Test } from '@nestjs/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import CryptoJS from 'crypto-js';
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { Clock } from '../../src/config/clock.js';
import { type Config, loadConfig } from '../../src/config/config.js';
import type { ConnectionLimits } from '../../src/connection/connection-limits.js';
import { createApp } from '../../src/create-app.js';
import { PROJECTS } from '../../src/demo/demo-rows.js';
import { SqlDatabase, type SqlValue } from '../../src/database/sql-database.js';
import { createLogger } from '../../src/logging/logger.js';
import type { Envelope } from '../../src/response/envelope/envelope.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { ReplayMemory } from '../../src/tenancy/verification/replay-memory.js';
import './argon2.js';

/** A running clock that tests can advance, stop, or set to any time. */
export class TestClock extends Clock {
  private offsetMs = 0;
  private advancedMs = 0;
  private stoppedAt: number | null = null;

  override now(): number {
    return this.stoppedAt ?? Date.now() + this.offsetMs;
  }

  override monotonic(): number {
    return performance.now() + this.advancedMs;
  }

  /** Stops the clock at this time. */
  set(ms: number): void {
    this.stoppedAt = ms;
  }

  stop(): void {
    this.stoppedAt = this.now();
  }

  advance(ms: number): void {
    this.advancedMs += ms;
    if (this.stoppedAt === null) this.offsetMs += ms;
    else this.stoppedAt += ms;
  }

  /** Restarts a stopped clock at its current time. */
  run(): void {
    if (this.stoppedAt !== null) this.offsetMs = this.stoppedAt - Date.now();
    this.stoppedAt = null;
  }
}

/**
 * The service as `main.ts` builds it, with a test clock, an in-memory log, its own database, and a replay memory of 384 KiB
 * instead of 24 MiB, whose allocation is a third of a start. It compares a password with the same hash only once.
 */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly config: Config;
  readonly clock: TestClock;
  /** All lines logged so far. */
  readonly log: string[];
  /** Runs SQL directly on the database. */
  sql<Row = Record<string, unknown>>(sql: string, ...values: SqlValue[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function startApp(
  env: Readonly<Record<string, string>> = {},
  limits?: ConnectionLimits,
): Promise<TestApp> {
  const config = loadConfig({
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: 'sqlite::memory:',
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'debug',
    PLUGINS_DIR: '/nonexistent',
    ...env,
  });
  const clock = new TestClock();
  const log: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log.push(...chunk.toString().split('\n').filter(Boolean));
      done();
    },
  });
  const app = await createApp(config, {
    logger: createLogger(config.logLevel, sink),
    ...(limits === undefined ? {} : { limits }),
    create: async (module, adapter, options) => {
      const testing = await Test.createTestingModule({ imports: [module] })
        .overrideProvider(Clock)
        .useValue(clock)
        .overrideProvider(ReplayMemory)
        .useValue(new ReplayMemory({ capacity: 2 ** 14 }))
        .setLogger(options.logger as never)
        .compile();
      return testing.createNestApplication<NestFastifyApplication>(adapter, options);
    },
  });
  const database = app.get(SqlDatabase, { strict: false });
  return {
    app,
    config,
    clock,
    log,
    sql: (sql, ...values) => database.transact((transaction) => transaction.all(sql, values)),
    close: () => app.close(),
  };
}

export const API = '/bo/api/v3';

/** The sample refresh token of the documentation. */
export const SAMPLE_TOKEN = 'MtP0zZx1gZE66xDnhwd1UV973XoVL4nT';

/** The verification keys of the demo projects. */
export const VERIFY_KEYS: Readonly<Record<string, string>> = { ptdev: 'ptdev-58', acme: 'acme-key' };

/** The grace window of `acme`, in ms. */
export const GRACE_MS = (PROJECTS.find(({ ownerId }) => ownerId === 'acme')?.graceSeconds ?? 0) * 1_000;

/** `encryptByDES(message, key)` as in the documented JavaScript clients: crypto-js only, none of our code. */
export function encryptByDES(message: string, key: string): string {
  return CryptoJS.DES.encrypt(message, CryptoJS.enc.Utf8.parse(key.slice(0, 8)), {
    mode: CryptoJS.mode.ECB,
    padding: CryptoJS.pad.Pkcs7,
  }).toString();
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';
  /** Path below `/bo/api/v3`, or the whole path if it begins with `//`. */
  readonly url: string;
  /** `XownerId`: default `acme`; `null` to omit the header. */
  readonly owner?: string | null;
  /** `XverifyApi`: default a new value for the project; `null` to omit the header. */
  readonly verify?: string | null;
  readonly bearer?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly payload?: string | Buffer | object;
  readonly ip?: string;
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  readonly body: Envelope<T>;
}

/** Sends one request through the whole application, with the headers of a documented client. */
export async function call<T = unknown>(test: TestApp, request: Call): Promise<Answer<T>> {
  const { owner = 'acme', method = 'GET', bearer, payload } = request;
  const key = VERIFY_KEYS[owner ?? ''] ?? 'no-key';
  const { verify = encryptByDES(`${randomUUID()}|${test.clock.now()}`, key) } = request;
  const headers: Record<string, string> = {};
  if (owner !== null) headers['XownerId'] = owner;
  if (verify !== null) headers['XverifyApi'] = verify;
  if (bearer !== undefined) headers['Authorization'] = `Bearer ${bearer}`;
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (value !== undefined) headers[name] = value;
  }
  const answer = await test.app.inject({
    method,
    url: request.url.startsWith('//') ? request.url.slice(1) : API + request.url,
    headers,
    ...(payload !== undefined && { payload }),
    ...(request.ip !== undefined && { remoteAddress: request.ip }),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.payload,
    body: answer.payload.startsWith('{') ? answer.json<Envelope<T>>() : (undefined as never),
  };
}

/** Signs in `alice`, or another demo user; their passwords are `<user>-password`. */
export async function login(
  test: TestApp,
  { user = 'alice', ...request }: Partial<Call> & { user?: string } = {},
): Promise<TokenGrant> {
  const answer = await call<TokenGrant>(test, {
    method: 'POST',
    url: '/auth/token',
    payload: { userName: user, password: `${user}-password` },
    ...request,
  });
  if (answer.status !== 200 || answer.body.data === null) throw new Error(`login: ${answer.text}`);
  return answer.body.data;
}

export function refresh(
  test: TestApp,
  refreshToken: string,
  request: Partial<Call> = {},
): Promise<Answer<TokenGrant>> {
  return call<TokenGrant>(test, {
    url: `/auth/token/refresh?refreshToken=${encodeURIComponent(refreshToken)}`,
    ...request,
  });
}

/** Returns the data of a successful answer; fails the test otherwise. */
export function dataOf<T>(answer: Answer<T>): T {
  if (answer.status !== 200 || answer.body.data === null)
    throw new Error(`${answer.status} ${answer.text.slice(0, 300)}`);
  return answer.body.data;
}

/** Status and error code of a failed answer, for comparison in tests. */
export function refusalOf(answer: Answer): string {
  return `${answer.status} ${answer.body?.error.errorCode}`;
}

/** The claims of a JWT, unverified. */
export function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

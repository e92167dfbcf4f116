import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { PepperFormatError, Peppers } from './pepper.js';

/** Where sessions, users and projects are stored. With `file: null` the database is deleted when the process ends. */
export type DatabaseConfig =
  | { readonly kind: 'sqlite'; readonly file: string | null }
  | { readonly kind: 'postgres'; readonly url: string };

/** The parsed configuration. Only this folder reads `process.env`. */
export interface Config {
  readonly environment: 'development' | 'production';
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly database: DatabaseConfig;
  /** Postgres connections of one process for the hot path; TypeORM uses four more. */
  readonly databasePoolSize: number;
  readonly redisUrl: string | null;
  readonly jwtSecret: string;
  readonly peppers: Peppers;
  readonly pluginsDir: string;
  readonly swaggerEnabled: boolean;
  readonly logLevel: LogLevel;
  /** Requests a minute for each project and client address; 0 disables the limit. */
  readonly rateLimitPerMinute: number;
  /** Addresses or CIDR ranges whose `X-Forwarded-For` is trusted; empty to trust no proxy. */
  readonly trustedProxies: readonly string[];
  /** Exports traces over OTLP; `null` disables tracing. OpenTelemetry reads the other `OTEL_*` variables itself. */
  readonly tracing: { readonly protocol: OtlpProtocol } | null;
  /** Number of worker processes; with 1 there is only the main process. */
  readonly workers: number;
  /** How long the process keeps serving at shutdown while it reports that it is not ready, in ms. */
  readonly shutdownDelayMs: number;
  /** How long requests in flight may take after that delay, in ms. */
  readonly shutdownDeadlineMs: number;
  /** Whether another process has already migrated the database and written the demo data. */
  readonly isPrepared: boolean;
  /** SHA-256 of the platform operator's token, 32 bytes; `null` disables HTTP administration across projects. */
  readonly operatorTokenHash: Buffer | null;
}

const OTLP_PROTOCOLS = ['http/protobuf', 'http/json'] as const;
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Development only: with these, `npm start` works without a `.env`. Production refuses both values. */
const DEVELOPMENT_SECRETS = {
  JWT_SECRET: 'development-only-jwt-secret-change-me',
  TOKEN_PEPPER: 'development-only-token-pepper-change-me',
} as const;

/** Development only: the documentation page uses it to administer projects. */
export const DEVELOPMENT_OPERATOR_TOKEN = 'development-only-operator-token-change-me';

const DEVELOPMENT_OPERATOR_HASH = createHash('sha256').update(DEVELOPMENT_OPERATOR_TOKEN).digest();

const MIN_SECRET_BYTES = 32;

/** An invalid configuration. The message is one line that names the variable and never contains a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const database = z.string().transform((text, context): DatabaseConfig => {
  if (text === 'sqlite::memory:') return { kind: 'sqlite', file: null };
  if (/^sqlite:(?!\/\/).+/.test(text)) return { kind: 'sqlite', file: text.slice('sqlite:'.length) };
  if (/^postgres(ql)?:\/\/./.test(text) && URL.canParse(text)) return { kind: 'postgres', url: text };
  context.addIssue('must be sqlite:<file>, sqlite::memory: or postgres://…');
  return z.NEVER;
});

const redisUrl = z
  .string()
  .refine(
    (text) => /^rediss?:\/\/./.test(text) && URL.canParse(text),
    'must be a URL like redis://127.0.0.1:6379',
  );

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

const boolean = z
  .enum(['true', 'false', '1', '0', 'on', 'off'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1' || text === 'on');

const httpUrl = z
  .string()
  .refine(
    (text) => /^https?:\/\/./.test(text) && URL.canParse(text),
    'must be a URL like http://127.0.0.1:4318',
  );

const addresses = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(
    z.array(
      z.union(
        [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
        'must be addresses or CIDR ranges, separated by commas',
      ),
    ),
  );

const environmentSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'must be development, test or production')
    .default('development'),
  HOST: z.string().default('0.0.0.0'),
  PORT: integer(0, 65_535).default(58_582),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  DATABASE_URL: database.default({ kind: 'sqlite', file: './data/bo-auth.sqlite' }),
  DATABASE_POOL_SIZE: integer(1, 1_000).default(10),
  REDIS_URL: redisUrl.optional(),
  JWT_SECRET: z.string().optional(),
  TOKEN_PEPPER: z.string().optional(),
  PLUGINS_DIR: z.string().default('./Config/AppNodeJs/Plugins'),
  SWAGGER_ENABLED: boolean.optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  RATE_LIMIT_PER_MINUTE: integer(0, 1_000_000).default(600),
  TRUSTED_PROXIES: addresses.default([]),
  WORKERS: z
    .union(
      [z.literal('auto').transform(() => availableParallelism()), integer(1, 256)],
      'must be auto or a whole number from 1 to 256',
    )
    .default(1),
  SHUTDOWN_DELAY_MS: integer(0, 300_000).default(0),
  SHUTDOWN_DEADLINE_MS: integer(0, 300_000).default(10_000),
  OPERATOR_TOKEN_HASH: z
    .string()
    .regex(
      /^[0-9a-f]{64}$/i,
      'must be 64 hexadecimal digits: the SHA-256 hash of the token, not the token itself',
    )
    .transform((text) => Buffer.from(text, 'hex'))
    .optional(),
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_TRACES_EXPORTER: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.string().optional(),
});

/** The names of all variables. A test compares them with `.env.example`. */
export const VARIABLES = Object.keys(environmentSchema.shape);

/**
 * Parses the environment.
 *
 * An empty variable counts as absent, because `.env` files and container manifests cannot unset one.
 *
 * @throws {ConfigError} naming the first invalid variable
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => VARIABLES.includes(name) && value !== ''),
  );
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ConfigError(`${String(issue?.path[0])}: ${issue?.message}`);
  }
  const values = parsed.data;
  const environment = values.NODE_ENV === 'production' ? 'production' : 'development';
  return {
    environment,
    host: values.HOST,
    port: values.PORT,
    tls: tls(values.TLS_CERT_FILE, values.TLS_KEY_FILE),
    database: values.DATABASE_URL,
    databasePoolSize: values.DATABASE_POOL_SIZE,
    redisUrl: values.REDIS_URL ?? null,
    jwtSecret: secret('JWT_SECRET', values.JWT_SECRET, environment),
    peppers: peppers(secret('TOKEN_PEPPER', values.TOKEN_PEPPER, environment), environment),
    pluginsDir: values.PLUGINS_DIR,
    swaggerEnabled: values.SWAGGER_ENABLED ?? environment === 'development',
    logLevel: values.LOG_LEVEL,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    trustedProxies: values.TRUSTED_PROXIES,
    tracing: tracing(values),
    workers: workers(values.WORKERS, values.DATABASE_URL),
    shutdownDelayMs: values.SHUTDOWN_DELAY_MS,
    shutdownDeadlineMs: values.SHUTDOWN_DEADLINE_MS,
    isPrepared: false,
    operatorTokenHash: operatorTokenHash(values.OPERATOR_TOKEN_HASH, environment),
  };
}

/**
 * Tracing is on if an endpoint is set and no other variable disables it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
function tracing(values: z.infer<typeof environmentSchema>): Config['tracing'] {
  const endpoint = values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? values.OTEL_EXPORTER_OTLP_ENDPOINT;
  // The specification treats any value except "true" as false.
  if (endpoint === undefined || values.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null;
  const exporter = values.OTEL_TRACES_EXPORTER ?? 'otlp';
  if (exporter === 'none') return null;
  if (exporter !== 'otlp') throw new ConfigError('OTEL_TRACES_EXPORTER: must be otlp or none');
  const specific = values.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL;
  const wanted = specific ?? values.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf';
  const protocol = OTLP_PROTOCOLS.find((known) => known === wanted);
  if (protocol !== undefined) return { protocol };
  const name = specific === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL';
  throw new ConfigError(`${name}: must be ${OTLP_PROTOCOLS.join(' or ')}`);
}

function workers(count: number, database: DatabaseConfig): number {
  if (count > 1 && database.kind === 'sqlite' && database.file === null)
    throw new ConfigError('WORKERS: must be 1 with sqlite::memory:, which processes cannot share');
  return count;
}

function tls(certFile: string | undefined, keyFile: string | undefined): Config['tls'] {
  if (certFile === undefined && keyFile === undefined) return null;
  if (certFile === undefined) throw new ConfigError('TLS_CERT_FILE: must be set when TLS_KEY_FILE is');
  if (keyFile === undefined) throw new ConfigError('TLS_KEY_FILE: must be set when TLS_CERT_FILE is');
  return { certFile, keyFile };
}

function secret(
  name: keyof typeof DEVELOPMENT_SECRETS,
  value: string | undefined,
  environment: Config['environment'],
): string {
  const fallback = DEVELOPMENT_SECRETS[name];
  if (environment === 'development') return value ?? fallback;
  if (value === undefined) throw new ConfigError(`${name}: must be set in production`);
  if (value === fallback || value.includes('change-me'))
    throw new ConfigError(`${name}: must not be the development default in production`);
  if (Buffer.byteLength(value) < MIN_SECRET_BYTES)
    throw new ConfigError(`${name}: must be at least ${MIN_SECRET_BYTES} bytes in production`);
  return value;
}

function operatorTokenHash(hash: Buffer | undefined, environment: Config['environment']): Buffer | null {
  if (environment === 'development') return hash ?? DEVELOPMENT_OPERATOR_HASH;
  if (hash?.equals(DEVELOPMENT_OPERATOR_HASH))
    throw new ConfigError('OPERATOR_TOKEN_HASH: must not be the development default in production');
  return hash ?? null;
}

/** Whether the operator's token is the public development default. */
export function hasDevelopmentOperator({ operatorTokenHash }: Pick<Config, 'operatorTokenHash'>): boolean {
  return operatorTokenHash?.equals(DEVELOPMENT_OPERATOR_HASH) ?? false;
}

function peppers(text: string, environment: Config['environment']): Peppers {
  try {
    const parsed = Peppers.parse(text);
    if (environment === 'production' && parsed.shortestBytes < MIN_SECRET_BYTES)
      throw new ConfigError(
        `TOKEN_PEPPER: each secret must be at least ${MIN_SECRET_BYTES} bytes in production`,
      );
    return parsed;
  } catch (error) {
    if (error instanceof PepperFormatError) throw new ConfigError(`TOKEN_PEPPER: ${error.message}`);
    throw error;
  }
}

import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { isOriginPattern, ORIGIN_RULE } from '../network/origin.js';
import { withHost } from './postgres-url.js';

/** Where sessions, users and projects are stored. With `file: null` the database is deleted when the process ends. */
export type DatabaseConfig =
  | { readonly kind: 'sqlite'; readonly file: string | null }
  | { readonly kind: 'postgres'; readonly url: string };

export const OTLP_PROTOCOLS = ['http/protobuf', 'http/json'] as const;
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const database = z.string().transform((text, context): DatabaseConfig => {
  if (text === 'sqlite::memory:') return { kind: 'sqlite', file: null };
  if (/^sqlite:(?!\/\/).+/.test(text)) return { kind: 'sqlite', file: text.slice('sqlite:'.length) };
  if (!/^postgres(ql)?:\/\/./.test(text)) {
    context.addIssue('must be sqlite:<file>, sqlite::memory: or postgres://…');
    return z.NEVER;
  }
  const problem = urlProblem(withHost(text));
  if (problem === null) return { kind: 'postgres', url: text };
  context.addIssue(problem);
  return z.NEVER;
});

/** A number after the host selects one of Redis's databases; the client would fail on any other text only when it connects. */
const redisUrl = z.string().superRefine((text, context) => {
  const problem = /^rediss?:\/\/./.test(text)
    ? urlProblem(text)
    : 'must be a URL like redis://127.0.0.1:6379';
  if (problem !== null) context.addIssue(problem);
  else if (!/^\/?\d{0,5}$/.test(new URL(text).pathname))
    context.addIssue('the part after the host must be the number of a Redis database');
});

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

const isOrigin = (text: string) =>
  /^https?:\/\//.test(text) &&
  URL.canParse(text) &&
  new URL(text).origin === text.toLowerCase().replace(/\/$/, '');

/** Separated by commas. */
const texts = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const addresses = texts.pipe(
  z.array(
    z.union(
      [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
      'must be addresses or CIDR ranges, separated by commas',
    ),
  ),
);

const origins = texts.pipe(z.array(z.string().refine(isOriginPattern, `each ${ORIGIN_RULE}`)));

/** Need not exist, unlike a folder that the operator names. */
export const DEFAULT_PLUGINS_DIR = './Config/AppNodeJs/Plugins';

export const variablesSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'must be development, test or production')
    .default('development'),
  HOST: z.string().optional(),
  PORT: integer(0, 65_535).default(58_582),
  METRICS_PORT: integer(0, 65_535).optional(),
  METRICS_TOKEN: z
    .string()
    .regex(/^[!-~]{16,}$/, 'must be at least 16 characters of visible ASCII, without spaces')
    .optional(),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  DATABASE_URL: database.default({ kind: 'sqlite', file: './data/bo-auth.sqlite' }),
  DATABASE_POOL_SIZE: integer(1, 1_000).default(10),
  REDIS_URL: redisUrl.optional(),
  JWT_SECRET: z.string().optional(),
  TOKEN_PEPPER: z.string().optional(),
  PLUGINS_DIR: z.string().default(DEFAULT_PLUGINS_DIR),
  SWAGGER_ENABLED: boolean.optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  RATE_LIMIT_PER_MINUTE: integer(0, 1_000_000).default(600),
  RATE_LIMIT_EXEMPT: addresses.default([]),
  SESSION_RETENTION_DAYS: integer(1, 3_650).default(1),
  EVENT_RETENTION_DAYS: integer(0, 36_500).default(180),
  MAX_CONNECTIONS: integer(1, 1_000_000).default(10_000),
  TRUSTED_PROXIES: addresses.default([]),
  CORS_ORIGINS: origins.default([]),
  PUBLIC_URL: z
    .string()
    .refine(
      isOrigin,
      'must be an origin such as https://auth.example.com: in lower case, without a path and without a default port',
    )
    .optional(),
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
      'must be 64 hexadecimal digits: the SHA-256 of the token, never the token itself',
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

/** The names of all variables; a test keeps `.env.example` in step with them. */
export const VARIABLES = Object.keys(variablesSchema.shape);

/** @returns what is wrong with a URL that holds credentials, without quoting it; `null` if it is valid */
function urlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'is not a URL';
  const { username, password, pathname } = new URL(text);
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part);
    return null;
  } catch {
    return 'holds a "%" that begins no percent escape: write %25 for it';
  }
}

export type Variables = z.infer<typeof variablesSchema>;

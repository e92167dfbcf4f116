import { createHash } from 'node:crypto';
import { isLoopbackHost } from '../network/loopback-host.js';
import { type JwtSecrets, jwtSecrets } from './jwt-secrets.js';
import { PepperFormatError, Peppers } from './pepper.js';
import { StartError } from './start-error.js';
import {
  type DatabaseConfig,
  type LogLevel,
  OTLP_PROTOCOLS,
  type OtlpProtocol,
  VARIABLES,
  type Variables,
  variablesSchema,
} from './variables.js';

/** The parsed configuration. Only this folder reads `process.env`. */
export interface Config extends JwtSecrets {
  readonly environment: 'development' | 'production';
  readonly host: string;
  readonly port: number;
  /** Port of the metrics; `null` to serve them with everything else. */
  readonly metricsPort: number | null;
  /** What a scrape must send as its Bearer token; `null` to ask for none. */
  readonly metricsToken: string | null;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly database: DatabaseConfig;
  /** Postgres connections of one process for the hot path; TypeORM uses four more. */
  readonly databasePoolSize: number;
  readonly redisUrl: string | null;
  readonly peppers: Peppers;
  readonly pluginsDir: string;
  readonly swaggerEnabled: boolean;
  readonly logLevel: LogLevel;
  /** Requests a minute for each project and client address, outside the API for each address; 0: no limit. */
  readonly rateLimitPerMinute: number;
  /** Addresses or CIDR ranges of clients that the rate limit does not count. */
  readonly rateLimitExempt: readonly string[];
  /** How long a session is kept after it has expired. At least a day, so that a clock that jumps forward and back deletes nothing. */
  readonly sessionRetentionDays: number;
  /** How long an event of the audit trail is kept; 0 keeps all events. */
  readonly eventRetentionDays: number;
  /** Connections that one process holds at a time; further ones are closed at once. */
  readonly maxConnections: number;
  /** Addresses or CIDR ranges whose `X-Forwarded-For` is trusted; empty to trust no proxy. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may read every project's responses; see `isOriginPattern`. */
  readonly corsOrigins: readonly string[];
  /** The origin under which clients reach the service; `null`: the service has no OAuth endpoints. */
  readonly publicUrl: string | null;
  /** The origin that DPoP proofs must name; `null` without PUBLIC_URL: the service does not know its own name. */
  readonly dpopOrigin: string | null;
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

/** Development only: with these, `npm start` works without a `.env`. Production refuses both values. */
export const DEVELOPMENT_SECRETS = {
  JWT_SECRET: 'development-only-jwt-secret-change-me',
  TOKEN_PEPPER: 'development-only-token-pepper-change-me',
} as const;

/** Development only: the documentation page uses it to administer projects. */
export const DEVELOPMENT_OPERATOR_TOKEN = 'development-only-operator-token-change-me';

const DEVELOPMENT_OPERATOR_HASH = createHash('sha256').update(DEVELOPMENT_OPERATOR_TOKEN).digest();

const MIN_SECRET_BYTES = 32;
/** A random secret of 32 hexadecimal digits practically never has fewer different characters. */
const MIN_SECRET_VARIETY = 6;

/** What is wrong with one variable; `says` never repeats a value. */
export interface ConfigProblem {
  readonly variable: string;
  readonly says: string;
}

/** A bad environment; the message has one line for each bad variable, which it names. */
export class ConfigError extends StartError {
  override readonly name = 'ConfigError';

  /** @param lines each `VARIABLE: what is wrong` */
  constructor(...lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/**
 * Reads the environment. An empty variable counts as absent, which is how a `.env` file and a container manifest leave one
 * out.
 *
 * @throws {ConfigError} naming every variable that is wrong
 */
export function loadConfig(env: Environment): Config {
  const { config, problems } = examineConfig(env);
  if (problems.length > 0)
    throw new ConfigError(...problems.map(({ variable, says }) => `${variable}: ${says}`));
  return config;
}

type Environment = Readonly<Record<string, string | undefined>>;

type Report = (variable: string, says: string) => void;

/**
 * Reads the valid part of the environment, for a diagnosis: a variable with a problem counts as absent, and an absent
 * secret is replaced by the development default.
 */
export function examineConfig(env: Environment): { config: Config; problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const report: Report = (variable, says) => {
    if (!problems.some((problem) => problem.variable === variable)) problems.push({ variable, says });
  };
  const values = parseVariables(env, report);
  const environment = values.NODE_ENV === 'production' ? 'production' : 'development';
  const jwt = jwtSecrets(secret('JWT_SECRET', values.JWT_SECRET, environment, report));
  const ownPeppers = peppers(
    secret('TOKEN_PEPPER', values.TOKEN_PEPPER, environment, report),
    environment,
    report,
  );
  if (environment === 'production') judgeSecrets(jwt, ownPeppers, report);
  const config: Config = {
    environment,
    // In development everybody knows the keys and passwords, so only this machine is served.
    host: hostOf(values) ?? (environment === 'production' ? '0.0.0.0' : '127.0.0.1'),
    port: values.PORT,
    metricsPort: metricsPort(values, report),
    metricsToken: values.METRICS_TOKEN ?? null,
    tls: tls(values, report),
    database: values.DATABASE_URL,
    databasePoolSize: values.DATABASE_POOL_SIZE,
    redisUrl: values.REDIS_URL ?? null,
    ...jwt,
    peppers: ownPeppers,
    pluginsDir: values.PLUGINS_DIR,
    swaggerEnabled: values.SWAGGER_ENABLED ?? environment === 'development',
    logLevel: values.LOG_LEVEL,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    rateLimitExempt: values.RATE_LIMIT_EXEMPT,
    sessionRetentionDays: values.SESSION_RETENTION_DAYS,
    eventRetentionDays: values.EVENT_RETENTION_DAYS,
    maxConnections: values.MAX_CONNECTIONS,
    trustedProxies: values.TRUSTED_PROXIES,
    corsOrigins: values.CORS_ORIGINS,
    publicUrl: publicUrl(values, environment, report),
    dpopOrigin: values.PUBLIC_URL === undefined ? null : new URL(values.PUBLIC_URL).origin,
    tracing: tracing(values, report),
    workers: workers(values, report),
    shutdownDelayMs: values.SHUTDOWN_DELAY_MS,
    shutdownDeadlineMs: values.SHUTDOWN_DEADLINE_MS,
    isPrepared: false,
    operatorTokenHash: operatorTokenHash(values.OPERATOR_TOKEN_HASH, environment, report),
  };
  return { config, problems };
}

/** Carriage return and line feed above all: an editor on Windows or a Kubernetes secret leaves them at the end. */
// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001F\u007F]/;

function parseVariables(env: Environment, report: Report): Variables {
  const present: Record<string, string> = {};
  for (const name of VARIABLES) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    if (CONTROL_CHARACTER.test(value))
      report(name, 'holds a control character, such as a line break at its end');
    else present[name] = value;
  }
  const parsed = variablesSchema.safeParse(present);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) {
    const name = String(path[0]);
    report(name, message);
    delete present[name];
  }
  return variablesSchema.parse(present);
}

/**
 * Tracing is on if an endpoint is set and no other variable disables it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
function tracing(values: Variables, report: Report): Config['tracing'] {
  const endpoint = values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? values.OTEL_EXPORTER_OTLP_ENDPOINT;
  // The specification treats any value except "true" as false.
  if (endpoint === undefined || values.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null;
  const exporter = values.OTEL_TRACES_EXPORTER ?? 'otlp';
  if (exporter !== 'otlp' && exporter !== 'none') report('OTEL_TRACES_EXPORTER', 'must be otlp or none');
  if (exporter !== 'otlp') return null;
  const specific = values.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL;
  const wanted = specific ?? values.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf';
  const protocol = OTLP_PROTOCOLS.find((known) => known === wanted);
  if (protocol !== undefined) return { protocol };
  report(
    specific === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
    `must be ${OTLP_PROTOCOLS.join(' or ')}`,
  );
  return null;
}

/** For `localhost` Fastify would start a second server, for `::1`, without our limits on connections. */
function hostOf({ HOST: host }: Variables): string | undefined {
  return host?.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
}

function metricsPort({ PORT: port, METRICS_PORT: own }: Variables, report: Report): number | null {
  if (own !== undefined && own !== 0 && own === port) report('METRICS_PORT', 'must not be the same as PORT');
  return own ?? null;
}

/** @see RFC 8414 §2: an issuer is an https URL */
function publicUrl(
  { PUBLIC_URL: url, PORT: port, TLS_CERT_FILE: certFile }: Variables,
  environment: Config['environment'],
  report: Report,
): string | null {
  if (url === undefined)
    return environment === 'production'
      ? null
      : `${certFile === undefined ? 'http' : 'https'}://localhost:${port}`;
  const { protocol, hostname, origin } = new URL(url);
  if (environment === 'production' && protocol !== 'https:' && !isLoopbackHost(hostname))
    report('PUBLIC_URL', 'must begin with https:// in production');
  return origin;
}

function workers({ WORKERS: count, DATABASE_URL: database }: Variables, report: Report): number {
  if (count > 1 && database.kind === 'sqlite' && database.file === null)
    report('WORKERS', 'must be 1 with sqlite::memory:, which no two processes can share');
  return count;
}

function tls({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile }: Variables, report: Report): Config['tls'] {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (keyFile !== undefined) report('TLS_CERT_FILE', 'must be set when TLS_KEY_FILE is');
  if (certFile !== undefined) report('TLS_KEY_FILE', 'must be set when TLS_CERT_FILE is');
  return null;
}

function secret(
  name: keyof typeof DEVELOPMENT_SECRETS,
  value: string | undefined,
  environment: Config['environment'],
  report: Report,
): string {
  const fallback = DEVELOPMENT_SECRETS[name];
  if (environment === 'development') return value ?? fallback;
  if (value === undefined) report(name, 'must be set in production');
  else if (value === fallback || value.includes('change-me'))
    report(name, 'must not be the development default in production');
  else if (Buffer.byteLength(value) < MIN_SECRET_BYTES)
    report(name, `must be at least ${MIN_SECRET_BYTES} bytes in production`);
  return value ?? fallback;
}

/** Judges the secrets in use, not those that are being replaced. */
function judgeSecrets({ jwtSecret }: JwtSecrets, peppers: Peppers, report: Report): void {
  const isWeak = (variety: number) => variety < MIN_SECRET_VARIETY;
  const rule = (command: string) => `has too few different characters: use the output of ${command}`;
  if (isWeak(new Set(jwtSecret).size)) report('JWT_SECRET', rule('bo-auth key rotate jwt'));
  if (isWeak(peppers.variety)) report('TOKEN_PEPPER', rule('bo-auth key rotate pepper'));
  if (peppers.has(jwtSecret))
    report('JWT_SECRET', 'must not also be in TOKEN_PEPPER: use the output of bo-auth key rotate jwt');
}

function operatorTokenHash(
  hash: Buffer | undefined,
  environment: Config['environment'],
  report: Report,
): Buffer | null {
  if (environment === 'development') return hash ?? DEVELOPMENT_OPERATOR_HASH;
  if (hash?.equals(DEVELOPMENT_OPERATOR_HASH))
    report('OPERATOR_TOKEN_HASH', 'must not be the development default in production');
  return hash ?? null;
}

/** Whether the operator's token is the published development default. */
export function hasDevelopmentOperator({ operatorTokenHash }: Pick<Config, 'operatorTokenHash'>): boolean {
  return operatorTokenHash?.equals(DEVELOPMENT_OPERATOR_HASH) ?? false;
}

function peppers(text: string, environment: Config['environment'], report: Report): Peppers {
  try {
    const parsed = Peppers.parse(text);
    if (environment === 'production' && parsed.shortestBytes < MIN_SECRET_BYTES)
      report('TOKEN_PEPPER', `each secret must be at least ${MIN_SECRET_BYTES} bytes in production`);
    return parsed;
  } catch (error) {
    if (!(error instanceof PepperFormatError)) throw error;
    report('TOKEN_PEPPER', error.message);
    return Peppers.parse(DEVELOPMENT_SECRETS.TOKEN_PEPPER);
  }
}

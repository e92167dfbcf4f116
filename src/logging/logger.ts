import cluster from 'node:cluster';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../config/variables.js';
import { LogSink, standardOutput } from './log-sink.js';

/** Fields to redact, as a second line of defence: no code should log them. Never log whole headers, bodies or queries. */
const SECRETS = [
  'password',
  'newPassword',
  'passwordHash',
  'refreshToken',
  'accessToken',
  'token',
  'authorization',
  'dpop',
  'xverifyapi',
  'XverifyApi',
  'secret',
  'clientSecret',
  'client_secret',
  'refresh_token',
  'access_token',
  'verifyKey',
  'otpauthUri',
  'recoveryCodes',
  'cookie',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Workers share one pipe: at most `PIPE_BUF` (4096 bytes on Linux) at once, so that their lines do not interleave. */
const GATHER_BYTES = cluster.isWorker ? 4_096 : 12_288;

/** Writes one JSON object a line. JSON escapes line breaks, so one entry is always one line. */
export function createLogger(level: LogLevel, stream?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    redact: { paths: SECRETS, censor: '[redacted]' },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  if (stream !== undefined) return pino(options, stream);
  const logger: Logger = pino(
    options,
    new LogSink(standardOutput(), {
      gatherBytes: GATHER_BYTES,
      onResume: (dropped) => logger.warn({ dropped }, `${dropped} log lines were dropped`),
    }),
  );
  return logger;
}

import cluster from 'node:cluster';
import { destination, type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../config/variables.js';

/** Fields to redact, as a second line of defence: no code should log them. Never log whole headers, bodies or queries. */
const SECRETS = [
  'password',
  'refreshToken',
  'accessToken',
  'token',
  'authorization',
  'xverifyapi',
  'XverifyApi',
  'secret',
  'verifyKey',
  'cookie',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Workers share one pipe: less than POSIX `PIPE_BUF` (4096 bytes) at once, so that their lines do not interleave. */
const BUFFER_BYTES = cluster.isWorker ? 3_072 : 12_288;
const FLUSH_MS = 100;

/** Writes one JSON object a line. JSON escapes line breaks, so one entry is always one line. */
export function createLogger(level: LogLevel, stream: DestinationStream = standardOutput()): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    redact: { paths: SECRETS, censor: '[redacted]' },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  return pino(options, stream);
}

/** Buffers lines: a write system call for each would be 14 of the 17 µs that a line costs. */
function standardOutput(): DestinationStream {
  const stream = destination({ sync: true, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS });
  process.on('exit', () => stream.flushSync());
  return stream;
}

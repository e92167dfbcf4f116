import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../config/config.js';

/**
 * A second line of defence: no code of ours logs any of these, and if some code ever does, this is what is seen.
 * Header objects, bodies and queries are never logged whole.
 */
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

/** One JSON object a line. U+2028 and its kin are escaped by JSON itself or harmless in it. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    redact: { paths: SECRETS, censor: '[redacted]' },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

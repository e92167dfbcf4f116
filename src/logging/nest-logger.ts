import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Contexts of Nest's own start-up messages, logged at `debug`. */
const BOOT = new Set(['NestFactory', 'InstanceLoader', 'NestApplication']);

/** Contexts of Nest's messages about mapped routes, which show wrong paths: they leave out the prefix and the version. */
const ROUTES = new Set(['RoutesResolver', 'RouterExplorer']);

/** Writes Nest's `Logger` calls through pino: `logger.warn({ sessionId }, 'message')` or `logger.warn('message')`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    const context = String(rest.at(-1));
    if (!ROUTES.has(context)) this.write(BOOT.has(context) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    // Nest also throws what its ExceptionHandler logs, and the process then says on stderr why it does not start.
    this.write(rest.at(-1) === 'ExceptionHandler' ? 'debug' : 'error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes the context as the last argument. */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    if (message instanceof Error) this.logger[level]({ context, err: message });
    else if (typeof message === 'object') this.logger[level]({ context, ...message }, text(rest[0]));
    else this.logger[level]({ context }, text(message));
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

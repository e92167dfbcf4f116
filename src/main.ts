import cluster from 'node:cluster';
import { writeSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { ClusterPrimary } from './cluster/primary.js';
import { answerScrapes } from './cluster/scrape.js';
import { keepBeating } from './cluster/worker.js';
import { type Config, loadConfig } from './config/config.js';
import { readEnvironment } from './config/environment.js';
import { isOwnWorker } from './config/own-worker.js';
import { createLogger } from './logging/logger.js';
import { describeUncaught } from './plugins/plugin-failure.js';
import { startFailure } from './start-failure.js';
import { untilDone } from './until-done.js';

async function start(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const logger = createLogger(config.logLevel);
  endOnUncaught(logger);
  if (isOwnWorker) {
    // A closed terminal sends SIGHUP to the primary too, and the primary decides.
    process.on('SIGHUP', () => undefined);
    await serve({ ...config, isPrepared: true }, logger);
    keepBeating();
  } else if (config.workers > 1 && cluster.isPrimary) await lead(config, logger);
  else await serveAlone(config, logger);
}

/** Imported only here, so that a bad variable is reported before the framework loads. */
async function create(config: Config, logger: Logger): Promise<NestFastifyApplication> {
  const { createApp } = await import('./create-app.js');
  return createApp(config, { logger });
}

/** Serves requests in this process, which is not a worker of our own primary. */
async function serveAlone(config: Config, logger: Logger): Promise<void> {
  if (config.workers > 1)
    logger.warn(
      'WORKERS is ignored: this process is a worker of another program, which decides how many run',
    );
  process.on('SIGHUP', () =>
    logger.warn('SIGHUP is ignored: with one worker there is none to take over; restart the service instead'),
  );
  await serve(config, logger);
}

/** Serves requests in this process. */
async function serve(config: Config, logger: Logger): Promise<void> {
  // Installed before the database is waited for: PID 1 of a container has no default signal handlers.
  let app: NestFastifyApplication | null = null;
  endOnSignal(config, logger, async () => {
    if (app !== null) {
      const { drain } = await import('./shutdown/drain.js');
      await drain(app, config.shutdownDelayMs);
    }
    return true;
  });
  app = await create(config, logger);
  try {
    await app.listen({ host: config.host, port: config.port });
    if (config.metricsPort !== null) {
      const { MetricsServer } = await import('./metrics/metrics-server.js');
      await app.get(MetricsServer, { strict: false }).listen(config.host, config.metricsPort);
    }
  } catch (error) {
    await app.close();
    throw error;
  }
  logger.info({ url: await app.getUrl(), environment: config.environment }, 'listening');
  if (config.environment === 'development' && !isOwnWorker) warnOfDevelopment(logger);
}

/** Runs workers that serve the requests; this process serves none. */
async function lead(config: Config, logger: Logger): Promise<void> {
  const primary = new ClusterPrimary(config, logger);
  endOnSignal(config, logger, () => primary.stop());
  process.on('SIGHUP', () => void primary.rollOver());
  // Migrates, writes the demo data and tries everything that a worker needs, so that a problem is reported once.
  await (await create(config, logger)).close();
  answerScrapes();
  await primary.start();
  logger.info({ workers: config.workers, environment: config.environment }, 'all workers listen');
  if (config.environment === 'development') warnOfDevelopment(logger);
}

function warnOfDevelopment(logger: Logger): void {
  logger.warn(
    'development mode: its keys, passwords and tokens are published; set NODE_ENV=production to deploy',
  );
}

function endOnSignal(config: Config, logger: Logger, end: () => Promise<boolean>): void {
  let isEnding = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isEnding) return;
    isEnding = true;
    process.removeListener('exit', failIncompleteStart);
    logger.info({ signal }, 'stopping');
    if (!cluster.isPrimary || config.workers === 1)
      setTimeout(() => {
        logger.error('requests in flight did not end in time');
        process.exit(1);
      }, config.shutdownDelayMs + config.shutdownDeadlineMs).unref();
    end().then(
      (isClean) => process.exit(isClean ? process.exitCode : 1),
      (error: unknown) => {
        logger.error({ err: error }, 'shutdown failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/**
 * Ends the process in order when an error, such as a plugin's rejected promise, was not caught. Node.js would print the
 * error's message, which may quote a token, and cut the requests in flight.
 */
function endOnUncaught(logger: Logger): void {
  let isEnding = false;
  process.on('uncaughtException', (error, origin) => {
    logger.fatal({ origin, ...describeUncaught(error) }, 'an error was not caught: the process ends');
    process.exitCode = 1;
    if (isEnding) return;
    isEnding = true;
    // Before the service listens, there are no clients to cut off.
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(1);
  });
}

/** Writes to stderr directly: the logger may be what could not be set up, and it writes with a delay. */
function fail(message: string): void {
  for (const line of message.split('\n')) writeSync(2, `bo-auth: ${line}\n`);
}

function failIncompleteStart(code: number): void {
  if (code !== 0) return;
  fail('the start ended before the service listened; this is a fault of bo-auth, please report it');
  process.exitCode = 1;
}

process.once('exit', failIncompleteStart);
untilDone(start).then(
  () => process.removeListener('exit', failIncompleteStart),
  (error: unknown) => {
    fail(startFailure(error));
    process.exit(1);
  },
);

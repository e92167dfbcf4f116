import cluster from 'node:cluster';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { ClusterPrimary } from './cluster/primary.js';
import { keepBeating } from './cluster/worker.js';
import { type Config, loadConfig } from './config/config.js';
import { readEnvironment } from './config/environment.js';
import { createLogger } from './logging/logger.js';
import { answerScrapes } from './cluster/scrape.js';
import { startFailure } from './start-failure.js';

async function start(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const logger = createLogger(config.logLevel);
  if (cluster.isWorker) {
    // Of a terminal that closes the primary hears too, and the primary decides.
    process.on('SIGHUP', () => undefined);
    await serve({ ...config, isPrepared: true }, logger);
    keepBeating();
  } else if (config.workers > 1) await lead(config, logger);
  else await serve(config, logger);
}

/** Loaded only here: what is wrong with a variable is told before the framework is read. */
async function create(config: Config, logger: Logger): Promise<NestFastifyApplication> {
  const { createApp } = await import('./create-app.js');
  return createApp(config, { logger });
}

/** Serves requests in this process. */
async function serve(config: Config, logger: Logger): Promise<void> {
  // Heard while the database is still waited for: as the first process of a container it has no other way to be asked to end.
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
  } catch (error) {
    await app.close();
    throw error;
  }
  logger.info({ url: await app.getUrl(), environment: config.environment }, 'listening');
}

/** Serves requests in several processes, of which this is none. */
async function lead(config: Config, logger: Logger): Promise<void> {
  const primary = new ClusterPrimary(config, logger);
  endOnSignal(config, logger, () => primary.stop());
  process.on('SIGHUP', () => void primary.rollOver());
  // Migrates, fills the demo data and tries all that a worker needs: what is wrong is said once, here.
  await (await create(config, logger)).close();
  answerScrapes();
  await primary.start();
  logger.info({ workers: config.workers, environment: config.environment }, 'all workers listen');
}

function endOnSignal(config: Config, logger: Logger, end: () => Promise<boolean>): void {
  let isEnding = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isEnding) return;
    isEnding = true;
    logger.info({ signal }, 'stopping');
    if (!cluster.isPrimary || config.workers === 1)
      setTimeout(() => {
        logger.error('requests in flight did not end in time');
        process.exit(1);
      }, config.shutdownDelayMs + config.shutdownDeadlineMs).unref();
    end().then(
      (isClean) => process.exit(isClean ? 0 : 1),
      (error: unknown) => {
        logger.error({ err: error }, 'the end was not clean');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

start().catch((error: unknown) => {
  // Not the logger: it may be what could not be configured, and its output may not be flushed before the exit.
  process.stderr.write(`bo-auth: ${startFailure(error)}\n`);
  process.exit(1);
});

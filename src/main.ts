import { existsSync } from 'node:fs';
import { type Config, loadConfig } from './config/config.js';
import { createApp } from './create-app.js';
import { createLogger } from './logging/logger.js';
import { startFailure } from './start-failure.js';

/** How long requests in flight may take once the end was asked for. */
const SHUTDOWN_DEADLINE_MS = 10_000;

async function start(): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config: Config = loadConfig(process.env);
  const logger = createLogger(config.logLevel);
  const app = await createApp(config, { logger });

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error('requests in flight did not end in time');
      process.exit(1);
    }, SHUTDOWN_DEADLINE_MS).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'the end was not clean');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    await app.close();
    throw error;
  }
  logger.info({ url: await app.getUrl(), environment: config.environment }, 'listening');
}

start().catch((error: unknown) => {
  // Not the logger: it may be what could not be configured, and its output may not be flushed before the exit.
  process.stderr.write(`bo-auth: ${startFailure(error)}\n`);
  process.exit(1);
});

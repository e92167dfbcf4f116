import { type DynamicModule, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { type Config, ConfigError } from './config/config.js';
import { createLogger } from './logging/logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { logRequests } from './logging/request-log.js';
import { AllowedMethods } from './response/allowed-methods.js';
import { answerParserFailure } from './response/parser-failure.js';

const BODY_LIMIT = 64 * 1024;
/** Slow senders are closed: their whole request has to be here by then. */
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;

export interface Parts {
  readonly logger?: Logger;
  /** Makes the application of the module; tests put a testing module in its place. */
  readonly create?: (module: DynamicModule, adapter: FastifyAdapter) => Promise<NestFastifyApplication>;
}

/** Builds the application, for `main.ts` and for the tests alike. It is initialised, and does not listen yet. */
export async function createApp(config: Config, parts: Parts = {}): Promise<NestFastifyApplication> {
  const logger = parts.logger ?? createLogger(config.logLevel);
  const nestLogger = new NestLogger(logger);
  const create =
    parts.create ??
    ((module, adapter) =>
      NestFactory.create<NestFastifyApplication>(module, adapter, { logger: nestLogger, abortOnError: false }));
  const app = await create(AppModule.of(config), adapterOf(config, logger));
  app.useLogger(nestLogger);
  app.setGlobalPrefix('bo/api', { exclude: ['health/*path'] });
  app.enableVersioning({ type: VersioningType.URI, prefix: 'v' });
  app.useBodyParser('application/json', { bodyLimit: BODY_LIMIT });

  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  for (const property of ['failure', 'tenant', 'caller']) fastify.decorateRequest(property, null);
  app.get(AllowedMethods).learnFrom(fastify);
  logRequests(fastify);
  keepOutOfCaches(fastify);
  await app.init();
  await fastify.ready();
  return app;
}

function adapterOf(config: Config, logger: Logger): FastifyAdapter {
  const options = {
    loggerInstance: logger as FastifyBaseLogger,
    disableRequestLogging: true,
    // Fastify would serve HEAD by running the GET handler, which may spend a refresh token.
    exposeHeadRoutes: false,
    // No Nest middleware is used: each request would pay for looking for some.
    skipMiddie: true,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    genReqId: () => randomUUID(),
    clientErrorHandler: answerParserFailure,
  };
  return new FastifyAdapter(config.tls === null ? options : { ...options, https: certificate(config.tls) });
}

function certificate({ certFile, keyFile }: NonNullable<Config['tls']>): { cert: Buffer; key: Buffer } {
  return { cert: read('TLS_CERT_FILE', certFile), key: read('TLS_KEY_FILE', keyFile) };
}

function read(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new ConfigError(`${variable}: the file cannot be read`);
  }
}

/** Answers hold tokens, and the documented call has one in its URL. @see RFC 6749 §5.1 */
function keepOutOfCaches(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.headers({
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    done();
  });
}

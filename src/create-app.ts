import { type DynamicModule, type NestApplicationOptions, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import type { Config } from './config/config.js';
import { CONNECTION_LIMITS, type ConnectionLimits } from './connection/connection-limits.js';
import { CrossOrigin } from './cors/cross-origin.js';
import { explained } from './database/explain-failure.js';
import { type AdapterParts, createAdapter } from './http/http-adapter.js';
import { requestHooks } from './http/request-hooks.js';
import { setResponseHeaders } from './http/response-headers.js';
import { createLogger } from './logging/logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { RequestLog } from './logging/request-log.js';
import { ErrorFilter } from './response/error/error.filter.js';
import { unroutedRequests } from './response/error/unrouted.js';

export interface Parts {
  readonly logger?: Logger;
  readonly limits?: ConnectionLimits;
  /** Creates the Nest application; tests substitute a testing module. */
  readonly create?: (
    module: DynamicModule,
    adapter: FastifyAdapter,
    options: NestApplicationOptions,
  ) => Promise<NestFastifyApplication>;
}

const fromFactory: NonNullable<Parts['create']> = (module, adapter, options) =>
  NestFactory.create<NestFastifyApplication>(module, adapter, { ...options, abortOnError: false });

/**
 * Builds the application for `main.ts` and for the tests alike. It is initialised but does not listen yet.
 *
 * @throws {DatabaseFailure} if the database cannot be used
 */
export function createApp(config: Config, parts: Parts = {}): Promise<NestFastifyApplication> {
  return explained(config.database, () => build(config, parts));
}

async function build(config: Config, parts: Parts): Promise<NestFastifyApplication> {
  const logger = parts.logger ?? createLogger(config.logLevel);
  const requestLog = new RequestLog(logger);
  const limits = parts.limits ?? CONNECTION_LIMITS;
  const answer = async (...[error, request, reply]: Parameters<AdapterParts['refuse']>): Promise<void> => {
    await app.get(CrossOrigin, { strict: false }).add(request, reply);
    await app.get(ErrorFilter).answer(error, request, reply);
  };
  // These requests reach neither the hooks nor Nest, so their headers, log line and metric are added here.
  const refuse: AdapterParts['refuse'] = (error, request, reply) => {
    setResponseHeaders(request.id, reply, config);
    reply.raw.once('finish', () => {
      requestLog.write(request, reply, 'answered');
      if (request.failure !== null) unroutedRequests.publish(request.failure);
    });
    void answer(error, request, reply);
  };
  const app = await (parts.create ?? fromFactory)(
    AppModule.of(config),
    createAdapter(config, { logger, requestLog, refuse, limits }),
    { logger: new NestLogger(logger), bodyParser: false },
  );
  app.setGlobalPrefix('bo/api', { exclude: ['health/*path', 'metrics', '.well-known/*path'] });
  app.enableVersioning({ type: VersioningType.URI, prefix: 'v' });

  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  for (const add of requestHooks(app, config, { logger, requestLog, limits })) await add(fastify);
  await app.init();
  await fastify.ready();
  return app;
}

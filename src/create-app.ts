import { type DynamicModule, type NestApplicationOptions, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { type Config, ConfigError } from './config/config.js';
import { createLogger } from './logging/logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { requestIdOf, REQUEST_ID_HEADER } from './logging/request-id.js';
import { logRequests } from './logging/request-log.js';
import { observeRequests } from './metrics/request-metrics.js';
import { Metrics } from './metrics/metrics.js';
import { AllowedMethods } from './response/allowed-methods.js';
import type { ApiError } from './response/error-catalogue.js';
import { ErrorFilter } from './response/error.filter.js';
import { answerParserFailure } from './response/parser-failure.js';
import { readBodies } from './response/request-body.js';
import { unroutedRequests } from './response/unrouted.js';

const BODY_LIMIT = 64 * 1024;
/** Slow senders are closed: their whole request has to be here by then. */
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;

export interface Parts {
  readonly logger?: Logger;
  /** Makes the application of the module; tests put a testing module in its place. */
  readonly create?: (
    module: DynamicModule,
    adapter: FastifyAdapter,
    options: NestApplicationOptions,
  ) => Promise<NestFastifyApplication>;
}

const fromFactory: NonNullable<Parts['create']> = (module, adapter, options) =>
  NestFactory.create<NestFastifyApplication>(module, adapter, { ...options, abortOnError: false });

/** Builds the application, for `main.ts` and for the tests alike. It is initialised, and does not listen yet. */
export async function createApp(config: Config, parts: Parts = {}): Promise<NestFastifyApplication> {
  const logger = parts.logger ?? createLogger(config.logLevel);
  // What the router refuses comes before there is a route, and so past Nest: it is answered as all else is.
  const refuse: Refuse = async (error, request, reply) => {
    reply.headers(headersOf(request.id));
    await app.get(ErrorFilter).answer(error, request, reply);
    if (request.failure !== null) tellUnrouted(logger, request.id, request.failure);
  };
  const app = await (parts.create ?? fromFactory)(AppModule.of(config), adapterOf(config, logger, refuse), {
    logger: new NestLogger(logger),
    bodyParser: false,
  });
  app.setGlobalPrefix('bo/api', { exclude: ['health/*path', 'metrics'] });
  app.enableVersioning({ type: VersioningType.URI, prefix: 'v' });

  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  for (const property of ['failure', 'success', 'tenant', 'caller', 'traceId'])
    fastify.decorateRequest(property, null);
  app.get(AllowedMethods).learnFrom(fastify);
  logRequests(fastify);
  if (config.tracing !== null) {
    // Loaded for those alone who want it.
    const { traceRequests } = await import('./tracing/request-trace.js');
    const { otlpTracer } = await import('./tracing/otlp-tracer.js');
    traceRequests(fastify, await otlpTracer(config.tracing.protocol, logger));
  }
  observeRequests(fastify, app.get(Metrics));
  addHeaders(fastify);
  await readBodies(fastify);
  await app.init();
  await fastify.ready();
  return app;
}

type Refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<void>;

function adapterOf(config: Config, logger: Logger, refuse: Refuse): FastifyAdapter {
  const options = {
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      void refuse(error, request, reply),
    // Fastify would serve HEAD by running the GET handler, which may spend a refresh token.
    exposeHeadRoutes: false,
    // No Nest middleware is used: each request would pay for looking for some.
    skipMiddie: true,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    genReqId: requestIdOf,
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
      const requestId = randomUUID();
      const answer = answerParserFailure(error, socket, requestId);
      if (answer !== null) tellUnrouted(logger, requestId, answer);
    },
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

/** The log line and the count of a request that no hook sees. */
function tellUnrouted(logger: Logger, reqId: string, failure: ApiError): void {
  const { status, errorCode, detail } = failure;
  logger.info({ reqId, route: null, status, errorCode, detail }, 'request');
  unroutedRequests.tell(failure);
}

function addHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersOf(request.id));
    done();
  });
}

/** Of every answer. Answers hold tokens, and the documented call has one in its URL. @see RFC 6749 §5.1 */
function headersOf(requestId: string): Record<string, string> {
  return {
    [REQUEST_ID_HEADER]: requestId,
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

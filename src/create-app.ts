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
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { type Config, ConfigError } from './config/config.js';
import { serveDocs } from './docs/serve-docs.js';
import { takeTurns } from './http/request-batch.js';
import { decorateRequests } from './http/request-state.js';
import { Draining } from './shutdown/draining.js';
import { createLogger } from './logging/logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { requestIdOf, REQUEST_ID_HEADER } from './logging/request-id.js';
import { RequestLog } from './logging/request-log.js';
import { observeRequests } from './metrics/request-metrics.js';
import { Metrics } from './metrics/metrics.js';
import { AllowedMethods } from './response/allowed-methods.js';
import { ErrorFilter } from './response/error/error.filter.js';
import { answerParserFailure } from './response/error/parser-failure.js';
import { readBodies } from './response/request-body.js';
import { unroutedRequests } from './response/error/unrouted.js';

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
  const requestLog = new RequestLog(logger);
  // What the router refuses comes before there is a route, and so past Nest: it is answered as all else is.
  const refuse: Refuse = (error, request, reply) => {
    addHeaders(request.id, reply);
    reply.raw.once('finish', () => {
      requestLog.write(request, reply);
      if (request.failure !== null) unroutedRequests.publish(request.failure);
    });
    void app.get(ErrorFilter).answer(error, request, reply);
  };
  const app = await (parts.create ?? fromFactory)(
    AppModule.of(config),
    adapterOf(config, { logger, requestLog, refuse }),
    { logger: new NestLogger(logger), bodyParser: false },
  );
  app.setGlobalPrefix('bo/api', { exclude: ['health/*path', 'metrics', '.well-known/*path'] });
  app.enableVersioning({ type: VersioningType.URI, prefix: 'v' });

  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  decorateRequests(fastify);
  app.get(AllowedMethods).learnFrom(fastify);
  takeTurns(fastify);
  requestLog.listen(fastify);
  if (config.tracing !== null) {
    // Loaded for those alone who want it.
    const { traceRequests } = await import('./tracing/request-trace.js');
    const { otlpTracer } = await import('./tracing/otlp-tracer.js');
    traceRequests(fastify, await otlpTracer(config.tracing.protocol, logger));
  }
  observeRequests(fastify, app.get(Metrics));
  fastify.addHook('onRequest', (request, reply, done) => {
    addHeaders(request.id, reply);
    done();
  });
  app.get(Draining, { strict: false }).closeConnectionsOf(fastify);
  await readBodies(fastify);
  if (config.swaggerEnabled) await serveDocs(app, config);
  await app.init();
  await fastify.ready();
  return app;
}

type Refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

interface Outlets {
  readonly logger: Logger;
  readonly requestLog: RequestLog;
  readonly refuse: Refuse;
}

function adapterOf(config: Config, { logger, requestLog, refuse }: Outlets): FastifyAdapter {
  const options = {
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // The request log names the request itself; a logger for each would cost 3 µs.
    childLoggerFactory: (shared: FastifyBaseLogger) => shared,
    frameworkErrors: refuse,
    // Fastify would serve HEAD by running the GET handler, which may spend a refresh token.
    exposeHeadRoutes: false,
    // No Nest middleware is used: each request would pay for looking for some.
    skipMiddie: true,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // While the process ends, what still arrives is served and its connection closed; Fastify's own 503 would be
    // an answer without envelope and Retry-After.
    return503OnClosing: false,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    genReqId: requestIdOf,
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
      const reqId = randomUUID();
      const failure = answerParserFailure(error, socket, reqId);
      if (failure === null) return;
      requestLog.writeRefused(reqId, failure);
      unroutedRequests.publish(failure);
    },
  };
  return new FastifyAdapter(config.tls === null ? options : { ...options, https: certificate(config.tls) });
}

function certificate({ certFile, keyFile }: NonNullable<Config['tls']>): { cert: Buffer; key: Buffer } {
  const cert = read('TLS_CERT_FILE', certFile);
  const key = read('TLS_KEY_FILE', keyFile);
  tryContext('TLS_CERT_FILE: the file is not a certificate in PEM form', { cert });
  tryContext('TLS_KEY_FILE: the file is not a private key in PEM form', { key });
  tryContext('TLS_KEY_FILE: the key is not that of the certificate', { cert, key });
  return { cert, key };
}

function tryContext(problem: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch {
    throw new ConfigError(problem);
  }
}

function read(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new ConfigError(`${variable}: the file cannot be read`);
  }
}

/** Answers hold tokens, and the documented call has one in its URL. @see RFC 6749 §5.1 */
function addHeaders(requestId: string, reply: FastifyReply): void {
  reply.headers({
    [REQUEST_ID_HEADER]: requestId,
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
}

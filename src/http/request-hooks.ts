import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.js';
import type { ConnectionLimits } from '../connection/connection-limits.js';
import { answerRefusals, guardConnections } from '../connection/guard-connections.js';
import { refuseTunnel } from '../connection/parser-failure.js';
import { type EndObserver, observeEnds } from '../connection/request-end.js';
import { CrossOrigin } from '../cors/cross-origin.js';
import { serveDocs } from '../docs/serve-docs.js';
import { serveStartPage } from '../docs/serve-start-page.js';
import type { RequestLog } from '../logging/request-log.js';
import { Metrics } from '../metrics/metrics.js';
import { observeRequests } from '../metrics/request-metrics.js';
import { AllowedMethods } from '../response/allowed-methods.js';
import { readBodies } from '../response/request-body.js';
import { Draining } from '../shutdown/draining.js';
import { noticeForwarded } from './forwarded-notice.js';
import { batchRequests } from './request-batch.js';
import { decorateRequests } from './request-state.js';
import { addResponseHeaders } from './response-headers.js';
import { reportUnrouted } from './unrouted-report.js';

type Setup = (fastify: FastifyInstance) => void | Promise<void>;

interface HookParts {
  readonly logger: Logger;
  readonly requestLog: RequestLog;
  readonly limits: ConnectionLimits;
}

/**
 * What is added to Fastify, in this order: within a stage (onRequest, onResponse, ...) hooks run in the order in which
 * they were added. Guards, interceptors and the filter come after them; their order is in `app.module.ts`.
 */
export function requestHooks(
  app: NestFastifyApplication,
  config: Config,
  { logger, requestLog, limits }: HookParts,
): readonly Setup[] {
  const ends: EndObserver[] = [(request, reply, end) => requestLog.write(request, reply, end)];
  return [
    decorateRequests,
    (fastify) => observeEnds(fastify, ends),
    ({ server }) =>
      guardConnections(server, limits, app.get(Draining, { strict: false }).connections, {
        maxConnections: config.maxConnections,
        onConnect: (_request, socket) => {
          const requestId = randomUUID();
          reportUnrouted(
            requestLog,
            requestId,
            refuseTunnel(socket, { requestId, lingerMs: limits.lingerMs }),
          );
        },
      }),
    // Before all routes, here and in the metrics: only routes registered afterwards are seen.
    (fastify) => app.get(AllowedMethods).learnFrom(fastify),
    // Before the other hooks of a request, so that they run batch by batch.
    batchRequests,
    // Before tracing, whose own trace id replaces the caller's.
    (fastify) => requestLog.noteTraces(fastify),
    (fastify) => noticeForwarded(fastify, config.trustedProxies, logger),
    ...(config.tracing === null ? [] : [tracing(config.tracing, config, logger, ends)]),
    (fastify) => void ends.push(observeRequests(fastify, app.get(Metrics))),
    addResponseHeaders(config),
    (fastify) => app.get(CrossOrigin, { strict: false }).listen(fastify),
    // After the hooks that log, count and add headers, so that refusals get all of it.
    answerRefusals,
    (fastify) => app.get(Draining, { strict: false }).partWithClients(fastify),
    readBodies,
    // These register routes, so they are the last. Nest registers the others when the application is initialised.
    ...(config.swaggerEnabled ? [() => serveDocs(app, config)] : []),
    // After `serveDocs`: a plugin registered later would freeze this route's error handler before Nest sets its own.
    ...(config.environment === 'development' ? [() => serveStartPage(app, config)] : []),
  ];
}

/** Loads OpenTelemetry only where tracing is on. */
function tracing(
  { protocol }: NonNullable<Config['tracing']>,
  { trustedProxies }: Config,
  logger: Logger,
  ends: EndObserver[],
): Setup {
  return async (fastify) => {
    const { traceRequests } = await import('../tracing/request-trace.js');
    const { otlpTracer } = await import('../tracing/otlp-tracer.js');
    ends.push(traceRequests(fastify, await otlpTracer(protocol, logger), trustedProxies));
  };
}

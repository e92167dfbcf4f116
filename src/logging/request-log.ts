import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { clientAddress } from '../network/client-address.js';
import type { ApiError } from '../response/error/error-catalogue.js';
import { safeHeader } from './request-id.js';
import { parseTraceparent } from './trace-context.js';

/** The longest path that is logged, in characters. */
const MAX_PATH = 256;

/** Path segments that can be the name of a route. Anything else may be a token or an id. */
const ROUTE_NAME = /^(?:[A-Za-z._-]{0,24}|v\d{1,2})$/;

/**
 * Logs one line for each request, after the answer was sent or the client disconnected.
 *
 * The line has the route pattern instead of the URL, which contains a token in the documented call. A request without a
 * route has its path instead, without the query and without segments that may be a token. `reqId` and `traceId`
 * correlate the line with other logs; the project, user and session are logged by id.
 */
export class RequestLog {
  private readonly logger: Logger;

  constructor(logger: Logger) {
    // The line has only the fields below, so redaction is not needed; it would cost 20 µs a request.
    this.logger = logger.child({}, { redact: [] });
  }

  /** Notes the trace that the caller says a request belongs to. */
  noteTraces(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, _reply, done) => {
      const { traceparent } = request.headers;
      if (traceparent !== undefined) request.traceId = parseTraceparent(traceparent)?.traceId ?? null;
      done();
    });
  }

  /** @param end `aborted` if the client disconnected before it had its answer */
  write(request: FastifyRequest, reply: FastifyReply, end: 'answered' | 'aborted'): void {
    // Spreads would cost 2 µs. pino omits undefined fields.
    const { failure, tenant, caller } = request;
    const subject = failure?.subject ?? request.subject;
    const route = request.routeOptions.url ?? null;
    const isAborted = end === 'aborted';
    const line = {
      reqId: request.id,
      method: request.method,
      route,
      path: route === null ? safePath(request.url) : undefined,
      status: isAborted ? null : reply.statusCode,
      ms: Math.round(reply.elapsedTime * 100) / 100,
      ip: clientAddress(request) || undefined,
      traceId: request.traceId ?? undefined,
      ownerId: tenant?.project.ownerId ?? (failure === null ? undefined : sentOwnerId(request)),
      userId: subject?.userId ?? caller?.user.userId,
      sessionId: subject?.sessionId ?? caller?.session.id,
      outcome: subject?.outcome,
      cacheType: request.provenance?.cacheType,
      aborted: isAborted || undefined,
      errorCode: failure?.errorCode,
      detail: failure?.detail,
      err: failure === null ? undefined : cause(failure),
    };
    this.logger[levelOf(route, failure)](line, 'request');
  }

  /** Logs input that the HTTP parser refused, for which no request exists. */
  writeRefused(reqId: string, { status, errorCode }: ApiError): void {
    this.logger.info({ reqId, route: null, status, errorCode }, 'request');
  }
}

/** A detected copy of a token is a possible theft; probes would fill the log. */
function levelOf(route: string | null, failure: ApiError | null): 'error' | 'warn' | 'info' | 'debug' {
  if (failure !== null) {
    if (failure.status >= 500) return 'error';
    return failure.subject?.outcome === 'reused' ? 'warn' : 'info';
  }
  return route !== null && (route === '/metrics' || route.startsWith('/health/')) ? 'debug' : 'info';
}

/** The project that a failed request named. It may not exist, and the caller may not know its key. */
function sentOwnerId({ headers }: FastifyRequest): string | undefined {
  return safeHeader(headers, 'xownerid') ?? undefined;
}

/** The path without its query; segments that may hold a token or an id become `*`. */
function safePath(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path
    .split('/')
    .map((segment) => (ROUTE_NAME.test(segment) ? segment : '*'))
    .join('/')
    .slice(0, MAX_PATH);
}

/** The cause of a server error, which the answer does not reveal. */
function cause({ status, cause }: ApiError): object | undefined {
  if (status < 500 || !(cause instanceof Error)) return undefined;
  return { type: cause.name, message: cause.message, stack: cause.stack };
}

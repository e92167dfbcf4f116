import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { ApiError } from '../response/error/error-catalogue.js';
import { parseTraceparent } from './trace-context.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The trace that the request belongs to: 32 hexadecimal digits, `null` where none is known. */
    traceId: string | null;
  }
}

/**
 * One line a request, when its answer is out or its client is gone.
 *
 * The route's pattern stands for the path, whose query holds the token in the documented call; of an unknown
 * path nothing is logged, since whatever was meant as a parameter may stand there. `reqId` and `traceId` tie the
 * line to those of others; the session and user are named where they are known, by their ids.
 */
export class RequestLog {
  private readonly logger: Logger;

  constructor(logger: Logger) {
    // A line holds the fields below and no others: to look through them for secrets costs 20 µs a request.
    this.logger = logger.child({}, { redact: [] });
  }

  listen(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, _reply, done) => {
      const { traceparent } = request.headers;
      if (traceparent !== undefined) request.traceId = parseTraceparent(traceparent)?.traceId ?? null;
      done();
    });
    fastify.addHook('onResponse', (request, reply, done) => {
      this.write(request, reply);
      done();
    });
    fastify.addHook('onRequestAbort', (request, done) => {
      this.write(request, null);
      done();
    });
  }

  /** @param reply `null` where the client has gone before there was one */
  write(request: FastifyRequest, reply: FastifyReply | null): void {
    // Spreads would cost 2 µs; what is undefined is left out of the line.
    const { failure, success, tenant, caller } = request;
    const subject = failure?.subject ?? success?.subject ?? null;
    const line = {
      reqId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply?.statusCode ?? null,
      ms: reply === null ? null : Math.round(reply.elapsedTime * 100) / 100,
      ip: request.ip,
      traceId: request.traceId ?? undefined,
      ownerId: tenant?.project.ownerId,
      userId: subject?.userId ?? caller?.user.userId,
      sessionId: subject?.sessionId ?? caller?.session.id,
      outcome: subject?.outcome,
      cacheType: success?.provenance?.cacheType,
      aborted: reply === null ? true : undefined,
      errorCode: failure?.errorCode,
      detail: failure?.detail,
      err: failure === null ? undefined : cause(failure),
    };
    if (failure !== null && failure.status >= 500) this.logger.error(line, 'request');
    else this.logger.info(line, 'request');
  }

  /** What the HTTP parser refused, before there was a request. */
  writeRefused(reqId: string, { status, errorCode }: ApiError): void {
    this.logger.info({ reqId, route: null, status, errorCode }, 'request');
  }
}

/** What is behind a failure of ours, which the caller was not told. */
function cause({ status, cause }: ApiError): object | undefined {
  if (status < 500 || !(cause instanceof Error)) return undefined;
  return { type: cause.name, message: cause.message, stack: cause.stack };
}

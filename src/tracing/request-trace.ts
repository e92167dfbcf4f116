import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AsyncLocalStorage } from 'node:async_hooks';
import { parseTraceparent } from '../logging/trace-context.js';
import type { TracerHandle } from './otlp-tracer.js';
import { traceSteps } from './step-trace.js';

/** What probes and scrapers ask every few seconds. */
const UNTRACED = /^\/(health|metrics)\b/;

/**
 * One span a request, named by its route's pattern (the URL holds a token in the documented call), with one below
 * for each step on the way. Attributes are words and ids, never a token, header or parameter.
 */
export function traceRequests(fastify: FastifyInstance, { tracer, close }: TracerHandle): void {
  const open = new WeakMap<FastifyRequest, { readonly span: Span; readonly context: Context }>();
  const current = new AsyncLocalStorage<Context | undefined>();
  const stop = traceSteps(tracer, current);

  fastify.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url;
    if (route === undefined || !UNTRACED.test(route)) {
      const parent = callersContext(request);
      const span = tracer.startSpan(
        route === undefined ? request.method : `${request.method} ${route}`,
        {
          kind: SpanKind.SERVER,
          attributes: {
            'http.request.method': request.method,
            ...(route !== undefined && { 'http.route': route }),
            'bo_auth.request_id': request.id,
          },
        },
        parent,
      );
      request.traceId = span.spanContext().traceId;
      open.set(request, { span, context: trace.setSpan(parent, span) });
    }
    done();
  });
  // Not earlier: what reads a body goes on from the socket's events, outside of whatever was entered before it.
  fastify.addHook('preHandler', (request, _reply, done) => current.run(open.get(request)?.context, done));
  fastify.addHook('onResponse', (request, reply, done) => {
    end(open, request, reply);
    done();
  });
  fastify.addHook('onRequestAbort', (request, done) => {
    end(open, request, null);
    done();
  });
  fastify.addHook('onClose', async () => {
    stop();
    await close();
  });
}

function callersContext({ headers }: FastifyRequest): Context {
  const caller = parseTraceparent(headers.traceparent);
  if (caller === null) return ROOT_CONTEXT;
  const { tracestate } = headers;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: caller.traceId,
    spanId: caller.parentId,
    traceFlags: caller.flags & 1,
    isRemote: true,
    ...(typeof tracestate === 'string' && { traceState: createTraceState(tracestate) }),
  });
}

function end(
  open: WeakMap<FastifyRequest, { readonly span: Span }>,
  request: FastifyRequest,
  reply: FastifyReply | null,
): void {
  const span = open.get(request)?.span;
  if (span === undefined) return;
  open.delete(request);
  const { failure, success, tenant } = request;
  const outcome = (failure?.subject ?? success?.subject)?.outcome;
  span.setAttributes({
    ...(reply !== null && { 'http.response.status_code': reply.statusCode }),
    ...(failure !== null && { 'error.type': failure.errorCode }),
    ...(reply === null && { 'error.type': 'aborted' }),
    ...(tenant !== null && { 'bo_auth.owner_id': tenant.project.ownerId }),
    ...(outcome !== undefined && { 'bo_auth.outcome': outcome }),
    ...(success?.provenance && { 'bo_auth.cache_type': success.provenance.cacheType }),
  });
  // A refusal is the caller's error, and not the server's.
  if (failure !== null && failure.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

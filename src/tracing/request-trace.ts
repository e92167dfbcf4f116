import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { EndObserver } from '../connection/request-end.js';
import { parseTraceparent } from '../logging/trace-context.js';
import { addressMatcher } from '../network/client-address.js';
import type { TracerHandle } from './otlp-tracer.js';
import { traceSteps } from './step-trace.js';

/** Routes of probes and scrapers, which would only add noise. */
const UNTRACED = /^\/(health|metrics)\b/;

/**
 * Creates one span for each request, with a child span for each step. Spans are named by the route pattern because the
 * URL of a refresh contains a token. Attributes never contain a token, header or parameter.
 *
 * A caller's trace is continued. Whether it is sampled is decided by trusted proxies alone, as anyone could otherwise have
 * every request exported, or none; for others our own sampler decides, and the span links to theirs.
 *
 * @returns the observer that ends the spans
 */
export function traceRequests(
  fastify: FastifyInstance,
  { tracer, inTrace, close }: TracerHandle,
  trustedProxies: readonly string[],
): EndObserver {
  const isTrusted = addressMatcher(trustedProxies);
  const open = new WeakMap<FastifyRequest, { readonly span: Span; readonly context: Context }>();
  const current = new AsyncLocalStorage<Context | undefined>();
  const stop = traceSteps(tracer, current);

  fastify.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url;
    if (route === undefined || !UNTRACED.test(route)) {
      const caller = callersSpan(request);
      const isParent = caller !== null && isTrusted(request.raw.socket.remoteAddress);
      const parent = isParent ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT;
      const span = inTrace(caller?.traceId ?? null, () =>
        tracer.startSpan(
          route === undefined ? request.method : `${request.method} ${route}`,
          {
            kind: SpanKind.SERVER,
            attributes: {
              'http.request.method': request.method,
              ...(route !== undefined && { 'http.route': route }),
              'bo_auth.request_id': request.id,
            },
            links: caller === null || isParent ? [] : [{ context: caller }],
          },
          parent,
        ),
      );
      request.traceId = span.spanContext().traceId;
      open.set(request, { span, context: trace.setSpan(parent, span) });
    }
    done();
  });
  // Enter the context only now: reading the body resumes from socket events, which lose an earlier async context.
  fastify.addHook('preHandler', (request, _reply, done) => current.run(open.get(request)?.context, done));
  fastify.addHook('onClose', async () => {
    stop();
    await close();
  });
  return (request, reply, end) => {
    const span = open.get(request)?.span;
    if (span === undefined) return;
    const { failure, provenance, tenant } = request;
    const outcome = (failure?.subject ?? request.subject)?.outcome;
    span.setAttributes({
      ...(end === 'answered' && { 'http.response.status_code': reply.statusCode }),
      ...(failure !== null && { 'error.type': failure.errorCode }),
      ...(end === 'aborted' && { 'error.type': 'aborted' }),
      ...(tenant !== null && { 'bo_auth.owner_id': tenant.project.ownerId }),
      ...(outcome !== undefined && { 'bo_auth.outcome': outcome }),
      ...(provenance !== null && { 'bo_auth.cache_type': provenance.cacheType }),
    });
    // OpenTelemetry: a 4xx is not an error of a server span.
    if (failure !== null && failure.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
}

function callersSpan({ headers }: FastifyRequest): SpanContext | null {
  const caller = parseTraceparent(headers.traceparent);
  if (caller === null) return null;
  const { tracestate } = headers;
  return {
    traceId: caller.traceId,
    spanId: caller.parentId,
    traceFlags: caller.flags & 1,
    isRemote: true,
    ...(typeof tracestate === 'string' && { traceState: createTraceState(tracestate) }),
  };
}

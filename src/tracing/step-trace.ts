import {
  type Attributes,
  type Context,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { AsyncLocalStorage } from 'node:async_hooks';
import { signing } from '../auth/access-token/access-token.js';
import { bearerGuarding } from '../auth/bearer/bearer.guard.js';
import { rotations } from '../auth/refresh/refresh-report.js';
import { tierReading } from '../cache/tier-report.js';
import type { Ending, Step } from '../diagnostics/step.js';
import { pluginRuns } from '../plugins/plugin-registry.js';
import { ApiError } from '../response/error/error-catalogue.js';
import { tenantGuarding } from '../tenancy/tenant-headers.guard.js';

/**
 * A span for each run of a step within a request, below the span of what it is part of.
 *
 * @returns what ends that
 */
export function traceSteps(tracer: Tracer, current: AsyncLocalStorage<Context | undefined>): () => void {
  const ends = [
    traceStep(tracer, current, tenantGuarding, () => ({})),
    traceStep(tracer, current, bearerGuarding, () => ({})),
    traceStep(tracer, current, tierReading, ({ tier }, { result }) => ({
      'bo_auth.tier': tier,
      'bo_auth.hit': result !== undefined && result !== null,
    })),
    traceStep(tracer, current, signing, () => ({})),
    traceStep(tracer, current, pluginRuns, ({ plugin }) => ({ 'bo_auth.plugin': plugin })),
    traceStep(tracer, current, rotations, (_, { result }) => ({ 'bo_auth.moved': result === true })),
  ];
  return () => ends.forEach((end) => end());
}

function traceStep<Details extends object>(
  tracer: Tracer,
  current: AsyncLocalStorage<Context | undefined>,
  step: Step<Details>,
  attributesOf: (details: Details, ending: Ending) => Attributes,
): () => void {
  const name = step.name.slice('bo-auth:'.length);
  const spans = new WeakMap<Details, Span>();
  const leave = step.keepIn(current, (details) => {
    const parent = current.getStore();
    // What runs on its own (a sweep, a probe) is nobody's request.
    if (parent === undefined) return undefined;
    const span = tracer.startSpan(name, {}, parent);
    spans.set(details, span);
    return trace.setSpan(parent, span);
  });
  const stop = step.listen({
    began: () => {},
    ended: (details, ending) => {
      const span = spans.get(details);
      if (span === undefined) return;
      span.setAttributes(attributesOf(details, ending));
      if (ending.error !== undefined) fail(span, ending.error);
      span.end();
    },
  });
  return () => {
    stop();
    leave();
  };
}

/** By its name alone: a message may hold more than is fit to be sent away. */
function fail(span: Span, error: unknown): void {
  const isOurs = error instanceof ApiError;
  span.setAttribute('error.type', isOurs ? error.errorCode : error instanceof Error ? error.name : 'unknown');
  if (!isOurs || error.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
}

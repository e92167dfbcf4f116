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
import type { Step, StepOutcome } from '../diagnostics/step.js';
import { pluginRuns } from '../plugins/plugin-registry.js';
import { ApiError } from '../response/error/error-catalogue.js';
import { tenantGuarding } from '../tenancy/tenant-headers.guard.js';

/**
 * Creates a span for each run of a step within a request, as a child of the enclosing step or request.
 *
 * @returns the function that stops it
 */
export function traceSteps(tracer: Tracer, current: AsyncLocalStorage<Context | undefined>): () => void {
  const stops = [
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
  return () => stops.forEach((stop) => stop());
}

function traceStep<Details extends object>(
  tracer: Tracer,
  current: AsyncLocalStorage<Context | undefined>,
  step: Step<Details>,
  attributesOf: (details: Details, outcome: StepOutcome) => Attributes,
): () => void {
  const name = step.name.slice('bo-auth:'.length);
  const spans = new WeakMap<Details, Span>();
  const unbind = step.bindStore(current, (details) => {
    const parent = current.getStore();
    // Background work (a sweep, a probe) belongs to no request.
    if (parent === undefined) return undefined;
    const span = tracer.startSpan(name, {}, parent);
    spans.set(details, span);
    return trace.setSpan(parent, span);
  });
  const unsubscribe = step.subscribe({
    onStart: () => {},
    onEnd: (details, outcome) => {
      const span = spans.get(details);
      if (span === undefined) return;
      span.setAttributes(attributesOf(details, outcome));
      if (outcome.error !== undefined) fail(span, outcome.error);
      span.end();
    },
  });
  return () => {
    unsubscribe();
    unbind();
  };
}

/** Records the error's name only: its message may hold data that must not leave the service. */
function fail(span: Span, error: unknown): void {
  const isOurs = error instanceof ApiError;
  span.setAttribute('error.type', isOurs ? error.errorCode : error instanceof Error ? error.name : 'unknown');
  if (!isOurs || error.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
}

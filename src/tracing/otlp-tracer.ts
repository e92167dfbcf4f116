import { diag, DiagLogLevel, type Tracer } from '@opentelemetry/api';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { OtlpProtocol } from '../config/variables.js';

/** How long to wait for the collector at shutdown, in ms. */
const SHUTDOWN_MS = 3_000;

export interface TracerHandle {
  readonly tracer: Tracer;
  /** Gives the root spans that `start` creates this trace id; `null`: a new one. */
  readonly inTrace: <T>(traceId: string | null, start: () => T) => T;
  /** Flushes pending spans and shuts down; gives up after three seconds. */
  readonly close: () => Promise<void>;
}

/**
 * Creates a tracer that exports spans over OTLP. OpenTelemetry reads the endpoint, headers, time-outs, sampler, batch
 * sizes, service name and resource attributes from the environment.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function otlpTracer(protocol: OtlpProtocol, logger: Logger): Promise<TracerHandle> {
  const log = (level: 'error' | 'warn' | 'debug') => (message: string) =>
    logger[level]({ context: 'OpenTelemetry' }, message);
  diag.setLogger(
    {
      error: log('error'),
      warn: log('warn'),
      info: log('debug'),
      debug: log('debug'),
      verbose: log('debug'),
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  const random = new RandomIdGenerator();
  let adopted: string | null = null;
  const provider = new BasicTracerProvider({
    idGenerator: {
      generateTraceId: () => adopted ?? random.generateTraceId(),
      generateSpanId: () => random.generateSpanId(),
    },
    resource: resourceFromAttributes({
      'service.name': 'bo-auth',
      'service.instance.id': randomUUID(),
    }).merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  return {
    tracer: provider.getTracer('bo-auth'),
    inTrace: (traceId, start) => {
      adopted = traceId;
      try {
        return start();
      } finally {
        adopted = null;
      }
    },
    close: async () => {
      const late = new Promise((resolve) => setTimeout(resolve, SHUTDOWN_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

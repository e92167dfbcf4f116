import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Metrics } from './metrics.js';

/** The label of a path that is no route's: the path itself is whatever a caller made up. */
const NO_ROUTE = 'none';

/** Observes every answer under its route's pattern, and counts every failure. To be called before the routes are registered. */
export function observeRequests(fastify: FastifyInstance, metrics: Metrics): void {
  fastify.addHook('onRoute', (route) => {
    const observe = observer(metrics, route.method, route.url);
    route.onResponse = [
      ...hooks(route),
      (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
        observe(request, reply);
        done();
      },
    ];
  });
  const observe = observer(metrics, 'any', NO_ROUTE);
  fastify.addHook('onResponse', (request, reply, done) => {
    if (request.is404) observe(request, reply);
    done();
  });
}

function hooks({ onResponse = [] }: RouteOptions) {
  return Array.isArray(onResponse) ? onResponse : [onResponse];
}

/** Prometheus's client looks a label set up by its text each time it is named; a child has done so once. */
function observer(metrics: Metrics, method: string | string[], route: string) {
  const children = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) => {
    let child: ReturnType<typeof metrics.requests.labels> | undefined;
    // Made when it is needed: routes have far more status classes than they use.
    return () => (child ??= metrics.requests.labels(String(method), route, status));
  });
  return ({ failure }: FastifyRequest, reply: FastifyReply): void => {
    if (failure !== null) metrics.countFailure(failure);
    // A project may answer its failures with 200; it is the failure that is to be seen.
    const status = failure?.status ?? reply.statusCode;
    children[Math.floor(status / 100) - 1]?.().observe(reply.elapsedTime / 1000);
  };
}

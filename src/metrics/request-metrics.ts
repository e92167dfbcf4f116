import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { EndObserver } from '../connection/request-end.js';
import type { Metrics } from './metrics.js';

/** Label for requests that match no route. The path itself would be an unbounded label. */
const NO_ROUTE = 'none';

/**
 * Observes every answer by route pattern and counts every failure.
 *
 * @returns the observer of the requests that are answered outside of a route or not at all
 */
export function observeRequests(fastify: FastifyInstance, metrics: Metrics): EndObserver {
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
  return (request, reply, end) => {
    if (end === 'aborted') {
      const { method = 'any', url = NO_ROUTE } = request.is404 ? {} : request.routeOptions;
      metrics.requests.labels(String(method), url, 'aborted').observe(reply.elapsedTime / 1000);
    } else if (request.is404) observe(request, reply);
  };
}

function hooks({ onResponse = [] }: RouteOptions) {
  return Array.isArray(onResponse) ? onResponse : [onResponse];
}

/** Caches the labelled children: prom-client builds a string to look one up on every call. */
function observer(metrics: Metrics, method: string | string[], route: string) {
  const children = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) => {
    let child: ReturnType<typeof metrics.requests.labels> | undefined;
    // Created on first use: most routes never answer with most status classes.
    return () => (child ??= metrics.requests.labels(String(method), route, status));
  });
  return ({ failure }: FastifyRequest, reply: FastifyReply): void => {
    if (failure !== null) metrics.countFailure(failure);
    // A project's status mode may answer failures with 200; the metric must show the failure.
    const status = failure?.status ?? reply.statusCode;
    children[Math.floor(status / 100) - 1]?.().observe(reply.elapsedTime / 1000);
  };
}

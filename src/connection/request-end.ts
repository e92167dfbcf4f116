import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** `aborted`: the client disconnected before it had its answer. */
export type RequestEnd = 'answered' | 'aborted';

export type EndObserver = (request: FastifyRequest, reply: FastifyReply, end: RequestEnd) => void;

declare module 'fastify' {
  interface FastifyRequest {
    hasEnded: boolean;
  }
}

/**
 * Calls each observer once for each request, in this order. Fastify's own `onRequestAbort` misses a client that
 * disconnects after its body has arrived.
 */
export function observeEnds(fastify: FastifyInstance, observers: readonly EndObserver[]): void {
  const end: EndObserver = (request, reply, how) => {
    if (request.hasEnded) return;
    request.hasEnded = true;
    for (const observe of observers) observe(request, reply, how);
  };
  fastify.decorateRequest('hasEnded', false);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.raw.on('close', () => end(request, reply, 'aborted'));
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    end(request, reply, 'answered');
    done();
  });
}

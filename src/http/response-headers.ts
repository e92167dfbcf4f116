import type { FastifyInstance, FastifyReply } from 'fastify';
import { REQUEST_ID_HEADER } from '../logging/request-id.js';

/** Answers hold tokens, and the documented call has one in its URL. @see RFC 6749 §5.1 */
export function setResponseHeaders(requestId: string, reply: FastifyReply): void {
  reply.headers({
    [REQUEST_ID_HEADER]: requestId,
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
}

export function addResponseHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    setResponseHeaders(request.id, reply);
    done();
  });
}

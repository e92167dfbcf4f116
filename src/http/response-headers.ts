import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Config } from '../config/config.js';
import { REQUEST_ID_HEADER } from '../logging/request-id.js';

/** Answers hold tokens, and the documented call has one in its URL. @see RFC 6749 §5.1, RFC 6797 §7.1 */
export function setResponseHeaders(requestId: string, reply: FastifyReply, config: Config): void {
  reply.headers({
    [REQUEST_ID_HEADER]: requestId,
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    // Which origins may read it: see `cors`.
    vary: 'Origin',
  });
  // Not in development: browsers would then refuse plain HTTP on all ports of localhost.
  if (config.tls !== null && config.environment === 'production')
    reply.header('strict-transport-security', 'max-age=31536000');
}

export const addResponseHeaders = (config: Config) => (fastify: FastifyInstance) => {
  fastify.addHook('onRequest', (request, reply, done) => {
    setResponseHeaders(request.id, reply, config);
    done();
  });
};

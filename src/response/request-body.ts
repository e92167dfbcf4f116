import formBody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';

/**
 * Reads JSON and form bodies, and nothing else.
 *
 * The documented clients send `Content-Type: application/json` with every request, those without a body included:
 * an empty one is none. Keys that would reach a prototype are refused.
 */
export async function readBodies(fastify: FastifyInstance): Promise<void> {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  await fastify.register(formBody);
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, String(body), done);
  });
}

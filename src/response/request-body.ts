import formBody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';

/**
 * Parses JSON and form bodies, and no other media type.
 *
 * The documented clients send `Content-Type: application/json` even without a body, so an empty body counts as none.
 * Keys that would change a prototype are refused.
 */
export async function readBodies(fastify: FastifyInstance): Promise<void> {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  await fastify.register(formBody);
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    request.bodyText = String(body);
    void parse(request, request.bodyText, done);
  });
}

import formBody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import { errors } from './error/error-catalogue.js';

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;
/** JSON is UTF-8 (RFC 8259 §8.1); ASCII is part of it. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii']);

/**
 * Parses JSON and form bodies in UTF-8, and no other media type, character set or content coding.
 *
 * The documented clients send `Content-Type: application/json` even without a body, so an empty body counts as none.
 * Keys that would change a prototype are refused.
 */
export async function readBodies(fastify: FastifyInstance): Promise<void> {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'GET' && !request.is404) checkBodyHeaders(request, reply);
    done();
  });
  await fastify.register(formBody);
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    if (!isUtf8(body)) return done(errors.REQUEST_MALFORMED({ text: 'The body is not UTF-8.' }));
    request.bodyText = String(body);
    void parse(request, request.bodyText, done);
  });
}

/** @throws MEDIA_TYPE_UNSUPPORTED for a body that the parsers would misread */
function checkBodyHeaders({ headers }: FastifyRequest, reply: FastifyReply): void {
  if (!hasBody(headers)) {
    // The type of no body means nothing, but Fastify would look for its parser.
    delete headers['content-type'];
    return;
  }
  const coding = headers['content-encoding'] ?? '';
  if (coding !== '' && coding.toLowerCase() !== 'identity') {
    // RFC 9110 §12.5.3
    reply.header('accept-encoding', 'identity');
    throw errors.MEDIA_TYPE_UNSUPPORTED({
      text: 'The body must be sent without Content-Encoding: compressed bodies are not supported.',
    });
  }
  const charset = CHARSET.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (!CHARSETS.has(charset.toLowerCase()))
    throw errors.MEDIA_TYPE_UNSUPPORTED({ text: 'The body must be UTF-8: no other charset is supported.' });
}

/** @see RFC 9112 §6.3 */
function hasBody(headers: FastifyRequest['headers']): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

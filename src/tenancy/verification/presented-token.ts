import type { FastifyRequest } from 'fastify';

/**
 * The tokens that a request presents, wherever a call may take one from. It tells an honest repetition of a
 * request from another use of its `XverifyApi`: all places count, so that no call can read one place while the
 * repetition was judged by another.
 */
export function presentedToken(request: FastifyRequest): string {
  const query = request.query as Readonly<Record<string, unknown>>;
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  return JSON.stringify(
    [query['refreshToken'], body['refreshToken'], body['token'], request.headers.authorization].map(text),
  );
}

/** No call accepts anything but text, and what is nested deep enough cannot be written down again. */
function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

import type { FastifyRequest } from 'fastify';

/**
 * All tokens that a request carries, from every place where some call reads one. Replay detection uses it to tell a
 * retry of the same request from another use of its `XverifyApi`. Every place counts: otherwise a call could read
 * a token from a place that replay detection ignores.
 */
export function presentedToken(request: FastifyRequest): string {
  const query = request.query as Readonly<Record<string, unknown>>;
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  return JSON.stringify(
    [query['refreshToken'], body['refreshToken'], body['token'], request.headers.authorization].map(text),
  );
}

/** Only strings: no call accepts another type, and JSON.stringify overflows the stack on deeply nested values. */
function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

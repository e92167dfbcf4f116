import type { ApiError } from './error-catalogue.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request failed with; the log line's private half reads it. */
    failure: ApiError | null;
  }
}

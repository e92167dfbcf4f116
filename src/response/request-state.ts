import type { ApiError } from './error/error-catalogue.js';
import type { Prepared } from './prepared.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request failed with; the log line's private half reads it. */
    failure: ApiError | null;
    /** What the request was answered with, where it did not fail. */
    success: Prepared<unknown> | null;
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth, Requirements } from './auth.js';
import type { Verifier } from './verifier.js';

declare global {
  // The name by which @types/express lets others extend its request.
  namespace Express {
    interface Request {
      /** Who calls; set by `requireAuth`. */
      auth?: Auth;
    }
  }
}

type Request = IncomingMessage & { originalUrl?: string; auth?: Auth };
export type Middleware = (
  request: Request,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/**
 * A middleware that sets `request.auth`, or passes an `AuthError` to the error handler. Express's own handler answers with
 * its status and headers.
 */
export function requireAuth(verifier: Verifier, required?: Requirements): Middleware {
  return async (request, _response, next) => {
    const { method, originalUrl: url = request.url, headers } = request;
    try {
      request.auth = await verifier.authenticate({ method, url, headers }, required);
    } catch (error) {
      return next(error);
    }
    next();
  };
}

import { type ApiError, errors } from './error/error-catalogue.js';

/** A request that loses this many races in a row is answered 503 with Retry-After instead of being tried again. */
export const MAX_ATTEMPTS = 8;

/**
 * A handler's own write found that another request has changed the row meanwhile: the handler is called again, and
 * decides on the new state. A lost commit of a `Prepared` says the same by resolving to `false`.
 */
export class RaceLost extends Error {
  override readonly name = 'RaceLost';
}

export function lostRaces(): ApiError {
  return errors.UNAVAILABLE({ detail: `lost ${MAX_ATTEMPTS} races in a row`, retryAfter: 1 });
}

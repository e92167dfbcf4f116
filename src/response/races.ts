import { type ApiError, errors } from './error/error-catalogue.js';

/** A request that loses this many races in a row is told to come again rather than kept spinning. */
export const MAX_ATTEMPTS = 8;

export function lostRaces(): ApiError {
  return errors.UNAVAILABLE({ detail: `lost ${MAX_ATTEMPTS} races in a row`, retryAfter: 1 });
}

import { createFetch, type $Fetch, type FetchOptions } from 'ofetch';
import type { LoginAuth } from '../login-auth.js';

/**
 * An `$fetch` that sends the access token, and repeats a request once whose token was refused.
 *
 * @param defaults as for `$fetch.create()`; `retry`, ofetch's own repeating, is off unless given
 */
export function createLoginFetch(auth: Pick<LoginAuth, 'fetch'>, defaults: FetchOptions = {}): $Fetch {
  return createFetch({ fetch: auth.fetch, defaults: { retry: 0, ...defaults } as FetchOptions });
}

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';

/** Ids of this form are safe to log and to echo. */
const SAFE = /^[A-Za-z0-9._-]{1,64}$/;

/** Uses the request id of the proxy or client, so that log lines can be correlated; otherwise creates a UUID. */
export function requestIdOf({ headers }: { readonly headers: IncomingHttpHeaders }): string {
  const given = headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && SAFE.test(given) ? given : randomUUID();
}

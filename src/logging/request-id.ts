import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';

/** What may be echoed and logged as it came. */
const SAFE = /^[A-Za-z0-9._-]{1,64}$/;

/** The id that a proxy or client gave the request, so that their log lines and ours can be laid side by side; else a new one. */
export function requestIdOf({ headers }: { readonly headers: IncomingHttpHeaders }): string {
  const given = headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && SAFE.test(given) ? given : randomUUID();
}

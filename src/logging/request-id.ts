import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';

const SAFE = /^[A-Za-z0-9._-]{1,64}$/;

/** The header if it is an id that is safe to log and to echo (at most 64 characters), otherwise `null`. */
export function safeHeader(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && SAFE.test(value) ? value : null;
}

/** Uses the request id of the proxy or client, so that log lines can be correlated; otherwise creates a UUID. */
export function requestIdOf({ headers }: { readonly headers: IncomingHttpHeaders }): string {
  return safeHeader(headers, REQUEST_ID_HEADER) ?? randomUUID();
}

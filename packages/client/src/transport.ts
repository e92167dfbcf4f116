/** One POST to the service. */
export interface TransportRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

export interface TransportResponse {
  readonly status: number;
  /** The parsed JSON; anything else if it is none. */
  readonly body: unknown;
  /** The `Date` header, if it can be read. */
  readonly date?: string | null;
  /** The `Retry-After` header. */
  readonly retryAfter?: string | null;
}

/** The transport port. It rejects if there is no complete answer, and never waits forever. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/** @param credentials `include` for a refresh token in a cookie of another origin */
export function fetchTransport(
  fetch: typeof globalThis.fetch,
  timeoutMs: number,
  credentials?: 'include' | 'same-origin' | 'omit',
): Transport {
  return async ({ url, headers, body }) => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    try {
      // `keepalive`: a logout is sent although the page is left
      const options = { method: 'POST', headers, body, credentials, keepalive: true, signal: abort.signal };
      const response = await fetch(url, options);
      return {
        status: response.status,
        body: await response.json().catch((error: unknown) => {
          // not JSON: an error page of a proxy. Anything else: the answer was cut off.
          if (!(error instanceof SyntaxError)) throw error;
        }),
        date: response.headers.get('date'),
        retryAfter: response.headers.get('retry-after'),
      };
    } finally {
      clearTimeout(timer);
    }
  };
}

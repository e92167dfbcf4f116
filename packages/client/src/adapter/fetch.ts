import type { Host } from '../host.js';
import type { LoginAuth } from '../login-auth.js';

export interface FetchOptions {
  /** Requests below this URL also get the tenant headers. */
  readonly baseUrl?: string;
  /** Whether an answer says that the access token was refused. Default: its status is 401. */
  readonly isRefused?: (response: Response) => boolean | Promise<boolean>;
}

/** A `fetch` that sends the access token, and repeats a request once whose token was refused. */
export function withAccessToken(
  auth: Pick<LoginAuth, 'send' | 'tenantHeaders'>,
  fetch: typeof globalThis.fetch,
  { baseUrl, isRefused = ({ status }) => status === 401 }: FetchOptions = {},
): typeof globalThis.fetch {
  return async (input, init) => {
    const request = input instanceof Request ? input : null;
    const isForService =
      baseUrl && absolute(request?.url ?? (input as string | URL)).startsWith(absolute(`${baseUrl}/`));
    return auth.send(async (token) => {
      const headers = new Headers(init?.headers ?? request?.headers);
      const added = isForService ? await auth.tenantHeaders() : {};
      for (const name of Object.keys(added)) headers.set(name, added[name]!);
      if (token) headers.set('Authorization', `Bearer ${token}`);
      // A body can be read once.
      return fetch(request?.clone() ?? input, { ...init, headers });
    }, isRefused);
  };
}

function absolute(url: string | URL): string {
  return new URL(url, (globalThis as Host).location?.href).href;
}

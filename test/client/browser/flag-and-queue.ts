import type { Change, TokenUser, Verify } from '../../../packages/client/src/index.js';

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenUser: TokenUser;
}

/**
 * The control: what front ends usually do. The page's store keeps the tokens and is filled from `localStorage` when the
 * page loads; one flag, one queue; any error of a refresh means a logout.
 */
export function flagAndQueue(options: { baseUrl: string; ownerId: string; verify: Verify }) {
  const { localStorage } = globalThis as unknown as {
    localStorage: Record<'getItem' | 'setItem' | 'removeItem', (key: string, value?: string) => string>;
  };
  let tokens = JSON.parse(localStorage.getItem('tokens') || 'null') as Tokens | null;
  let isRefreshing = false;
  let queue: ((accessToken: string) => void)[] = [];
  let listener: (change: Change) => void = () => undefined;

  async function post(path: string, body: object): Promise<Tokens> {
    const response = await fetch(`${options.baseUrl}/auth/${path}`, {
      method: 'POST',
      headers: await tenantHeaders({ 'Content-Type': 'application/json' }),
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${response.status}`);
    return ((await response.json()) as { data: Tokens }).data;
  }

  const tenantHeaders = async (more: object) => ({
    ...more,
    XownerId: options.ownerId,
    XverifyApi: await options.verify(Date.now()),
  });

  function store(next: Tokens): void {
    tokens = next;
    localStorage.setItem('tokens', JSON.stringify(next));
  }

  function forget(reason: string): void {
    if (tokens) listener({ type: 'signed-out', user: null, reason });
    tokens = null;
    localStorage.removeItem('tokens');
  }

  async function request(url: string, init: RequestInit, accessToken: string): Promise<Response> {
    const headers = await tenantHeaders({
      ...(init.headers as object),
      Authorization: `Bearer ${accessToken}`,
    });
    return fetch(url, { ...init, headers: headers as Record<string, string> });
  }

  return {
    get user(): TokenUser | null {
      return tokens?.tokenUser ?? null;
    },
    onChange(heard: (change: Change) => void): void {
      listener = heard;
    },
    async login(credentials: object): Promise<void> {
      store(await post('token', credentials));
      listener({ type: 'signed-in', user: tokens!.tokenUser });
    },
    async logout(): Promise<void> {
      await post('token/revoke', { refreshToken: tokens?.refreshToken }).catch(() => undefined);
      forget('SESSION_LOGGED_OUT');
    },
    async fetch(url: string, init: RequestInit): Promise<Response> {
      const response = await request(url, init, tokens?.accessToken ?? '');
      if (response.status !== 401) return response;
      if (isRefreshing)
        return new Promise((resolve) => {
          queue.push((accessToken) => resolve(request(url, init, accessToken)));
        });
      isRefreshing = true;
      try {
        store(await post('token/refresh', { refreshToken: tokens?.refreshToken }));
        for (const repeat of queue) repeat(tokens!.accessToken);
        return await request(url, init, tokens!.accessToken);
      } catch (error) {
        for (const repeat of queue) repeat('');
        forget(String(error));
        throw error;
      } finally {
        queue = [];
        isRefreshing = false;
      }
    },
  };
}

import { withAccessToken } from './adapter/fetch.js';
import { serverClock } from './clock.js';
import type { Dpop } from './dpop.js';
import { type Host, pageStorage } from './host.js';
import { refresher } from './refresh.js';
import { authService, type ServiceOptions } from './service.js';
import { sessionOf, type TokenGrant, type TokenUser } from './session.js';
import { type Change, sessionStore, type Storage } from './session-store.js';
import { fetchTransport, type Transport } from './transport.js';

export interface LoginAuthOptions extends ServiceOptions {
  /** Where the session is kept. Default: `localStorage`, else the memory of this page. */
  readonly storage?: Storage;
  /** How requests reach the service. Default: `fetch`. */
  readonly transport?: Transport;
  /** Binds the sessions to a key of this browser: `dpopKey()`. */
  readonly dpop?: Dpop;
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** `include` if the service, on another origin, keeps the refresh token in a cookie. */
  readonly credentials?: 'include' | 'same-origin' | 'omit';
  /** Whether an answer says that the access token was refused. Default: its status is 401. */
  readonly isRefused?: (response: Response) => boolean | Promise<boolean>;
}

export interface Credentials {
  readonly userName: string;
  readonly password: string;
  readonly clientId?: string;
  /** What else the service takes at a login. */
  readonly [field: string]: unknown;
}

export type LoginAuth = ReturnType<typeof createLoginAuth>;

/** Signs the page in, and keeps it signed in. One for each page; all tabs of an origin share the session. */
export function createLoginAuth(options: LoginAuthOptions, host: Host = globalThis) {
  const { storage = pageStorage(host), timeoutMs = 10_000, dpop = (fetch) => fetch } = options;
  const baseUrl = options.baseUrl.replace(/\/$/, '');
  const key = `bo-auth ${options.ownerId} ${baseUrl}`;
  const listeners = new Set<(change: Change) => void>();

  const store = sessionStore(storage, key, (change) => {
    // later, so that a listener that throws or calls back disturbs nothing
    for (const listener of listeners) void Promise.resolve(change).then(listener);
  });
  const clock = serverClock(store.read()?.ahead ?? 0);
  const fetch = dpop(host.fetch!, clock.now, store.read);
  const transport = options.transport ?? fetchTransport(fetch, timeoutMs, options.credentials);
  const service = authService({ ...options, baseUrl }, transport, clock, host);
  const refresh = refresher(store, service, clock, host, key);

  host.addEventListener?.('storage', (event) => {
    // `null`: everything was cleared
    if (event.key === key || event.key === null) store.read();
  });
  /** A tab that was hidden or frozen, or a laptop that slept, may have missed events and the token's expiry. */
  const wake = () => {
    store.read();
    if (host.document?.visibilityState === 'visible') refresh.session().catch(() => undefined);
  };
  host.document?.addEventListener('visibilitychange', wake);
  host.addEventListener?.('online', () => {
    refresh.forgetFailure();
    wake();
  });

  const auth = {
    /** Signs in. @throws LoginAuthError with the service's code, such as `CREDENTIALS_REFUSED` */
    async login(credentials: Credentials): Promise<TokenUser> {
      const answer = await service.post('token', () => credentials);
      const { data, sentAt } = answer!;
      store.save(sessionOf(data, sentAt, clock.ahead));
      return data.tokenUser;
    },

    /**
     * Takes over the answer of a login or refresh that the page made itself: `loginAuth.saveAuth({}, user, token)`.
     *
     * @param token `data` of the answer
     */
    saveAuth(_context: object, user: TokenUser | null, token: TokenGrant): void {
      store.save(sessionOf({ ...token, tokenUser: user ?? token.tokenUser }, clock.now(), clock.ahead));
    },

    /**
     * A valid access token, for an EventSource, a WebSocket or a download; `null` if nobody is signed in.
     *
     * @throws if the token has expired and the service cannot be reached; the user stays signed in
     */
    getToken: async (): Promise<string | null> => (await refresh.session())?.accessToken ?? null,

    /** Who is signed in, or `null`. */
    get user(): TokenUser | null {
      return store.read()?.user ?? null;
    },

    /** Signs out in all tabs at once, then ends the session at the service, if it can be reached. */
    async logout(): Promise<void> {
      const session = store.read();
      if (!session) return;
      store.end(session.id, 'SESSION_LOGGED_OUT');
      const body = { refreshToken: session.refreshToken || undefined };
      await service.post('token/revoke', () => body).catch(() => undefined);
    },

    /** Reports sign-in, refresh and sign-out, of this tab or another. @returns a function that ends the reports */
    onChange(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** The headers that every call to the service needs, with a new `XverifyApi`. */
    tenantHeaders: service.tenantHeaders,

    /**
     * Sends a request with a valid access token, and once more if that is refused: what adapters are made of.
     *
     * @param send called once or twice; `null` if nobody is signed in
     */
    async send<T>(
      send: (accessToken: string | null) => Promise<T>,
      isRefused: (answer: T) => boolean | Promise<boolean>,
    ): Promise<T> {
      const session = await refresh.session();
      const answer = await send(session?.accessToken ?? null);
      if (!session || !(await isRefused(answer))) return answer;
      const renewed = await refresh.renew(session.accessToken);
      // not as somebody else, who has signed in meanwhile
      return renewed?.id === session.id ? send(renewed.accessToken) : answer;
    },

    /** `fetch` with the access token; for the service itself, also with the tenant headers. */
    fetch: ((input, init) => authorizedFetch(input, init)) as typeof globalThis.fetch,
  };
  const authorizedFetch = withAccessToken(auth, fetch, { ...options, baseUrl });
  return auth;
}

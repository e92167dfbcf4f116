import type { Host } from './host.js';
import type { Session } from './session.js';
import { type BoundKey, boundKey, sha256 } from './dpop-key.js';
import { newGuid } from './verify/guid.js';

/**
 * Makes a `fetch` that proves with each request that this browser holds the key of the session (RFC 9449).
 *
 * @param now the server's time, in ms since the epoch
 * @param session the one that is signed in
 */
export type Dpop = (
  fetch: typeof globalThis.fetch,
  now?: () => number,
  session?: () => Pick<Session, 'accessToken'> | null,
) => typeof globalThis.fetch;

/** A refused proof is made anew if the clock was wrong by more than this. */
const CLOCK_ERROR_MS = 10_000;
/** What took longer was interrupted: the tab was frozen, or the device slept. */
const PAUSE_MS = 5000;

/**
 * Binds the sessions of this browser to a key that no script can read. All tabs share it. Pass the result to
 * `createLoginAuth`, and use it for requests of your own: `dpop(fetch)`.
 */
export function dpopKey(): Dpop {
  const nonces = new Map<string, string>();
  let key: Promise<BoundKey> | undefined;
  /** The server's clock minus the device's in ms, as the last answer had it. */
  let ahead: number | undefined;

  /** The store of the browser may work the next time. */
  const forget = (error: unknown): never => {
    key = undefined;
    throw error;
  };

  return (fetch, now = Date.now, session = () => null) =>
    async (input, init) => {
      const called = Date.now();
      const request = input instanceof Request ? input : null;
      const headers = new Headers(init?.headers ?? request?.headers);
      const sent = headers.get('Authorization');
      const token = bindingOf(sent) && sent!.slice('Bearer '.length);
      // Calls to the service that bring no access token: logins and refreshes.
      if (!token && (sent || !headers.has('XownerId'))) return fetch(input, init);
      const page = (globalThis as Host).location?.href;
      const { origin, pathname } = new URL(request?.url ?? input, page);
      const { jkt, sign } = await (key ??= boundKey().catch(forget));
      for (let isRetry = false; ; isRetry = true) {
        const used = ahead ?? now() - Date.now();
        const nonce = nonces.get(origin);
        const proof = await sign({
          jti: newGuid(),
          htm: (init?.method ?? request?.method ?? 'GET').toUpperCase(),
          htu: origin + pathname,
          iat: Math.floor((Date.now() + used) / 1000),
          nonce,
          ath: token ? await sha256(token) : undefined,
        });
        headers.set('DPoP', proof);
        if (token) headers.set('Authorization', `DPoP ${token}`);
        // Another tab may have refreshed since, and the old refresh token would count as a copy.
        if (!token && Date.now() - called > PAUSE_MS) throw new TypeError('interrupted');
        // A body can be read once.
        const answer = await fetch(request?.clone() ?? input, { ...init, headers });
        const date = Date.parse(answer.headers.get('Date') ?? '');
        if (date) ahead = date - Date.now();
        const next = answer.headers.get('DPoP-Nonce') ?? nonce;
        if (next) nonces.set(origin, next);
        // The status does not tell: a project may answer 200 always.
        if (answer.ok && !headers.has('XownerId')) return answer;
        if (!(await isRefused(answer))) return answer;
        const wasWrong = Math.abs((ahead ?? used) - used) > CLOCK_ERROR_MS;
        if (!isRetry && (next !== nonce || wasWrong)) continue;
        const isLost =
          pathname.endsWith('/token/refresh') &&
          (bindingOf(`Bearer ${session()?.accessToken}`) ?? jkt) !== jkt;
        return isLost ? keyLost() : answer;
      }
    };
}

/** The key that an access token is bound to, if it is; other tokens are sent as they are. */
function bindingOf(authorization: string | null): string | undefined {
  const claims = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(authorization ?? '')?.[1] ?? '';
  try {
    const { cnf } = JSON.parse(atob(claims.replace(/-/g, '+').replace(/_/g, '/'))) as {
      cnf?: { jkt: string };
    };
    return cnf?.jkt;
  } catch {
    return undefined;
  }
}

/** Whether the proof was refused. */
async function isRefused(answer: Response): Promise<boolean> {
  const { headers } = answer;
  const isJson = /json/.test(headers.get('Content-Type') ?? '');
  const text = `${headers.get('WWW-Authenticate')} ${isJson ? await answer.clone().text() : ''}`;
  return /DPOP_PROOF_INVALID|use_dpop_nonce|invalid_dpop_proof/.test(text);
}

/** The session is bound to a key that the browser no longer has, so nobody can use it any more. */
function keyLost(): Response {
  const errorText = 'The key of the session is lost. Sign in again.';
  const error = { errorCode: 'REFRESH_TOKEN_EXPIRED', errorText };
  return new Response(JSON.stringify({ success: false, code: 40103, error }), { status: 401 });
}

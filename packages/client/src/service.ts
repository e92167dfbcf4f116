import type { Clock } from './clock.js';
import type { Host } from './host.js';
import { LoginAuthError } from './login-auth-error.js';
import type { TokenGrant } from './session.js';
import type { Transport } from './transport.js';

/**
 * Makes the `XverifyApi` value of one request: a GUID and a time stamp, sealed with the project's key.
 *
 * @param now the server's time, in ms since the epoch
 */
export type Verify = (now: number) => string | Promise<string>;

interface Envelope {
  readonly success: boolean;
  readonly code: number;
  readonly data: TokenGrant;
  readonly error: { readonly errorCode: string; readonly errorText: string };
}

/** A value that took longer to make than this was made before the tab was frozen or the device slept. */
const PAUSE_MS = 5000;

export interface ServiceOptions {
  /** With the prefix: `https://auth.example.com/bo/api/v3`. */
  readonly baseUrl: string;
  readonly ownerId: string;
  readonly verify: Verify;
  /** More headers for the service, such as `XsysId`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type Service = ReturnType<typeof authService>;

/** The calls to the service, with the tenant headers. */
export function authService(
  { baseUrl, ownerId, verify, headers }: ServiceOptions,
  transport: Transport,
  clock: Clock,
  host: Host,
) {
  async function tenantHeaders(): Promise<Record<string, string>> {
    const began = Date.now();
    const value = await verify(clock.now());
    // After a pause the stamp is old, and so may be what this task sees of the storage.
    if (Math.abs(Date.now() - began) > PAUSE_MS) return tenantHeaders();
    return { ...headers, XownerId: ownerId, XverifyApi: value };
  }

  /**
   * @param body called in the task that sends, so that nothing happens between reading a token and sending it; `null` to
   *   send nothing
   * @returns the data and when it was asked for, by the server's clock; `null` if nothing was sent
   */
  async function post(
    path: string,
    body: () => object | null,
    isRetry = false,
  ): Promise<{ data: TokenGrant; sentAt: number } | null> {
    const tenant = await tenantHeaders();
    const content = body();
    if (!content) return null;
    const sentAt = Date.now();
    const before = clock.ahead;
    const answer = await transport({
      url: `${baseUrl}/auth/${path}`,
      headers: { ...tenant, 'Content-Type': 'application/json' },
      body: JSON.stringify(content),
    }).catch((cause: unknown) => {
      throw new LoginAuthError('NO_ANSWER', 'The service is unavailable.', 0, undefined, cause);
    });
    clock.measure(answer.date, sentAt);
    const { success, code, data, error } = (answer.body ?? {}) as Partial<Envelope>;
    if (success && data) return { data, sentAt: sentAt + clock.ahead };
    const errorCode = error?.errorCode ?? 'UNAVAILABLE';
    if (errorCode === 'VERIFY_API_REFUSED' && !isRetry) {
      if (!answer.date) await clock.measureByPage(host);
      if (Math.abs(clock.ahead - before) > 1000) return post(path, body, true);
    }
    throw new LoginAuthError(
      errorCode,
      error?.errorText ?? 'The service is unavailable.',
      code ? Math.floor(code / 100) : answer.status,
      Number(answer.retryAfter) || undefined,
    );
  }

  return { post, tenantHeaders };
}

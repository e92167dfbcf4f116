import type { Host } from './host.js';
import type { RevocationEntries } from './revocations.js';

export interface FeedAnswer extends RevocationEntries {
  readonly cursor: string;
}

/** The service did not answer as it should. */
export class FeedError extends Error {
  override readonly name = 'FeedError';

  constructor(
    message: string,
    /** When to ask again at the earliest, as the service says, in ms. */
    readonly retryAfterMs = 0,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** How long an answer may take beyond the time it is asked to wait. */
const TIMEOUT_MS = 5_000;
const MAX_RETRY_AFTER_MS = 60_000;

/** The revocation feed of a project, as HTTP requests. */
export class Feed {
  private readonly authorization: string;

  constructor(
    private readonly url: URL,
    clientId: string,
    clientSecret: string,
    private readonly host: Host,
  ) {
    // Both are form-encoded before they are joined. @see RFC 6749 §2.3.1
    const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
    this.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  /**
   * @param after the cursor of the last answer; `null` for the present state
   * @returns `gone` if the cursor is too old
   * @throws FeedError
   */
  async read(after: string | null, waitSeconds: number, signal: AbortSignal): Promise<FeedAnswer | 'gone'> {
    const url = new URL(this.url);
    if (after !== null) url.searchParams.set('after', after);
    url.searchParams.set('wait', String(waitSeconds));
    const abort = new AbortController();
    const stop = () => abort.abort(signal.reason);
    const cancelTimeout = this.host.after(waitSeconds * 1000 + TIMEOUT_MS, () =>
      abort.abort(new FeedError('no answer in time')),
    );
    signal.addEventListener('abort', stop);
    try {
      const headers = { authorization: this.authorization, accept: 'application/json' };
      const response = await this.host.fetch(url, { headers, redirect: 'error', signal: abort.signal });
      const body = await response.text();
      if (response.status === 410 && after !== null) return 'gone';
      if (response.status !== 200)
        throw new FeedError(`the feed answered ${response.status}`, retryAfterMs(response, this.host.now()));
      return answerOf(body);
    } catch (error) {
      throw error instanceof FeedError
        ? error
        : new FeedError('the feed is out of reach', 0, { cause: error });
    } finally {
      cancelTimeout();
      signal.removeEventListener('abort', stop);
    }
  }
}

function answerOf(body: string): FeedAnswer {
  const answer = json(body) as Partial<FeedAnswer> | null;
  const isEntry = (entry: unknown, id: string, time: string) => {
    const { [id]: name, [time]: at } = Object(entry) as Record<string, unknown>;
    return typeof name === 'string' && typeof at === 'number';
  };
  if (
    typeof answer?.cursor === 'string' &&
    Array.isArray(answer.ended) &&
    Array.isArray(answer.users) &&
    answer.ended.every((entry) => isEntry(entry, 'sid', 'exp')) &&
    answer.users.every((entry) => isEntry(entry, 'id', 'before'))
  )
    return answer as FeedAnswer;
  throw new FeedError('the answer is not one of a revocation feed');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @see RFC 9110 §10.2.3 */
function retryAfterMs({ headers }: Response, now: number): number {
  const text = headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : 0;
}

import { API, type TestApp } from '../support/app.js';

/** What happens to one request, instead of its answer. */
export type Fault = 'request lost' | 'answer lost' | Refusal | { readonly until: Promise<unknown> };

/** An answer that the service did not give. */
export interface Refusal {
  readonly status: number;
  readonly code?: string;
  readonly retryAfter?: number;
}

export interface Sent {
  readonly path: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export const SERVICE = `http://service.test${API}`;

/** A network between the tabs and the service: a `fetch` whose next requests can be made to fail. */
export class Network {
  readonly sent: Sent[] = [];
  /** Whether pages may read the `Date` of answers; those of another origin may not. */
  showsDate = true;
  /** What the browser keeps for the service, as a `Cookie` header. */
  cookie = '';
  private readonly faults = new Map<string, Fault[]>();

  constructor(private readonly service: TestApp) {}

  /** Makes the next requests for `path` fail, in this order. */
  fail(path: string, ...faults: Fault[]): void {
    this.faults.set(path, [...(this.faults.get(path) ?? []), ...faults]);
  }

  count(path: string): number {
    return this.sent.filter((request) => request.path === path).length;
  }

  reset(): void {
    this.sent.length = 0;
    this.faults.clear();
    this.showsDate = true;
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const text = await request.text();
    const path = new URL(request.url).pathname.replace(API, '');
    if (request.url === 'http://page.test/') return this.answer('', 200, {});
    this.sent.push({
      path,
      headers: request.headers,
      body: JSON.parse(text || '{}') as Record<string, unknown>,
    });
    const fault = this.faults.get(path)?.shift();
    if (fault === 'request lost') throw new TypeError('fetch failed');
    if (typeof fault === 'object' && 'status' in fault) {
      if ('until' in fault) await fault.until;
      return this.refusal(fault);
    }
    const answer = await this.service.app.inject({
      method: request.method as 'GET',
      url: API + path,
      headers: {
        ...Object.fromEntries(request.headers),
        host: new URL(SERVICE).host,
        ...(this.cookie !== '' && { cookie: this.cookie }),
      },
      ...(text !== '' && { payload: text }),
    });
    const [set] = [answer.headers['set-cookie'] ?? []].flat();
    if (set !== undefined) this.cookie = set.split(';')[0] ?? '';
    if (typeof fault === 'object') await fault.until;
    if (fault === 'answer lost') throw new TypeError('fetch failed');
    return this.answer(answer.payload, answer.statusCode, {
      'content-type': answer.headers['content-type'] as string,
      'dpop-nonce': answer.headers['dpop-nonce'] as string | undefined,
      'retry-after': answer.headers['retry-after'] as string | undefined,
      ...(this.showsDate && { date: new Date(this.service.clock.now()).toUTCString() }),
    });
  };

  private refusal({ status, code = 'UNAVAILABLE', retryAfter }: Refusal): Response {
    const error = { errorCode: code, errorText: code };
    const body = JSON.stringify({ success: false, code: status * 100 + 1, data: null, error });
    return this.answer(body, status, {
      'content-type': 'application/json',
      'retry-after': retryAfter?.toString(),
    });
  }

  private answer(body: string, status: number, headers: Record<string, string | undefined>): Response {
    const known = Object.entries(headers).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const date = new Date(this.service.clock.now()).toUTCString();
    return new Response(body, { status, headers: body === '' ? { date } : known });
  }
}

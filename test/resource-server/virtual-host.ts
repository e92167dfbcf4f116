import type { Host } from '../../packages/resource-server/src/host.js';

/** A request that the verifier has sent, for the test to answer. */
export interface SentRequest {
  readonly url: URL;
  readonly headers: Headers;
  readonly signal: AbortSignal | null;
  answer(status: number, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<void>;
  fail(): Promise<void>;
}

/** A process whose time stands still, and whose requests the test answers. */
export class VirtualHost implements Host {
  /** Requests without an answer. */
  readonly pending: SentRequest[] = [];
  /** How many requests were ever sent. */
  sent = 0;
  private elapsed = 0;
  private timers: { at: number; run: () => void }[] = [];
  private readonly start = Date.now();

  now = () => this.start + this.elapsed;
  monotonic = () => this.elapsed;

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.elapsed + Math.max(0, ms), run };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((each) => each !== timer));
  }

  fetch = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const settle = async (run: () => void) => {
        const at = this.pending.indexOf(request);
        if (at < 0) return;
        this.pending.splice(at, 1);
        run();
        await settled();
      };
      const request: SentRequest = {
        url: new URL(input instanceof Request ? input.url : input),
        headers: new Headers(init.headers),
        signal: init.signal ?? null,
        answer: (status, body = {}, headers = {}) =>
          settle(() => resolve(new Response(JSON.stringify(body), { status, headers }))),
        fail: () => settle(() => reject(new TypeError('fetch failed'))),
      };
      init.signal?.addEventListener('abort', () => void settle(() => reject(init.signal?.reason as Error)));
      this.sent++;
      this.pending.push(request);
    });

  /** The one request that is without an answer. */
  get request(): SentRequest {
    const [request, ...others] = this.pending;
    if (request === undefined || others.length > 0)
      throw new Error(`${this.pending.length} requests are open`);
    return request;
  }

  /** Lets time pass, and runs the timers that become due, in their order. */
  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    for (;;) {
      await settled();
      const [next] = this.timers.toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.elapsed = next.at;
      this.timers = this.timers.filter((each) => each !== next);
      next.run();
    }
    this.elapsed = end;
    await settled();
  }
}

/** Lets all that can go on without time or answers go on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

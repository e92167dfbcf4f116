import { Agent, request, type IncomingHttpHeaders } from 'node:http';

export interface HttpCall {
  readonly port: number;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Destroys the socket this long after sending, in ms; if absent, waits for the answer. */
  readonly dropAfter?: number;
}

export type HttpOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
    }
  | { readonly kind: 'lost'; readonly reason: string };

/** Longer than any answer during a fault; a request without an answer by then counts as lost. */
const DEADLINE_MS = 15_000;

/** HTTP/1.1 over keep-alive connections that can be destroyed during a request. */
export class HttpCaller {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64, scheduling: 'lifo' });

  send(call: HttpCall): Promise<HttpOutcome> {
    return new Promise((resolve) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: call.port,
        method: call.method,
        path: call.path,
        headers: call.headers,
        agent: this.agent,
      });
      const timers: NodeJS.Timeout[] = [];
      const finish = (outcome: HttpOutcome) => {
        for (const timer of timers) clearTimeout(timer);
        resolve(outcome);
      };
      const giveUp = (reason: string) => () => {
        finish({ kind: 'lost', reason });
        outgoing.destroy();
      };
      const { dropAfter } = call;
      timers.push(setTimeout(giveUp('deadline'), DEADLINE_MS));
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        finish({ kind: 'lost', reason: error.code ?? 'error' });
      });
      outgoing.on('finish', () => {
        if (dropAfter !== undefined) timers.push(setTimeout(giveUp('dropped'), dropAfter));
      });
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', () => finish({ kind: 'lost', reason: 'cut off' }));
        incoming.on('close', () => finish({ kind: 'lost', reason: 'cut off' }));
        incoming.on('end', () => {
          if (!incoming.complete) return finish({ kind: 'lost', reason: 'cut off' });
          const body = Buffer.concat(chunks).toString('utf8');
          finish({ kind: 'answer', status: incoming.statusCode ?? 0, headers: incoming.headers, body });
        });
      });
      outgoing.end(call.body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

import { build } from 'esbuild';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomSource } from '../../history/random-source.js';

/** The part of the refreshes that each fault strikes; of other requests, a quarter of that. */
const FAULTS = {
  'answer dropped': 0.1,
  'answer cut off': 0.04,
  'request reset': 0.06,
  'request delayed': 0.06,
  'answer delayed': 0.08,
  'answered 503': 0.06,
  'answered 429': 0.03,
} as const;
type FaultName = keyof typeof FAULTS;

/** One use of an access token, seen on its way to the service. */
export interface Use {
  readonly at: number;
  readonly tab: number;
  readonly request: number;
  /** When the session began. */
  readonly session: number;
  readonly seq: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Serves the page, and passes its calls to the service, with faults. It sees what each tab sends. */
export class FaultProxy {
  hasFaults = false;
  refreshes = 0;
  /** Requests with an access token that is bound to a key. */
  boundUses = 0;
  readonly uses: Use[] = [];
  /** How often each fault struck. */
  readonly struck: Record<string, number> = {};
  private readonly tokens = new Map<string, Pick<Use, 'session' | 'seq'>>();
  private readonly server = createServer((incoming, response) => void this.serve(incoming, response));
  private script = '';

  constructor(
    private readonly port: () => number,
    private readonly random: RandomSource,
  ) {}

  async listen(): Promise<string> {
    const entry = new URL('./page.ts', import.meta.url).pathname;
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'iife' });
    this.script = outputFiles[0]?.text ?? '';
    await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  count(fault: string): void {
    this.struck[fault] = (this.struck[fault] ?? 0) + 1;
  }

  private draw(isRefresh: boolean): FaultName | null {
    if (!this.hasFaults) return null;
    let ticket = this.random.next() * (isRefresh ? 1 : 4);
    const names = Object.keys(FAULTS) as FaultName[];
    const name = names.find((each) => (ticket -= FAULTS[each]) < 0) ?? null;
    if (name !== null) this.count(name);
    return name;
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = incoming.url ?? '';
    // Each request has its own connection: browsers themselves repeat what they sent over a used one that breaks.
    response.setHeader('connection', 'close');
    if (!url.startsWith('/bo/')) {
      const isScript = url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(
        isScript ? this.script : '<!doctype html><title>tab</title><script src="/page.js"></script>',
      );
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const isRefresh = url.endsWith('/token/refresh');
    if (isRefresh) this.refreshes++;
    this.noteUse(incoming);
    const fault = this.draw(isRefresh);
    const abort = () => void response.socket?.resetAndDestroy();
    if (fault === 'request reset') return abort();
    if (fault === 'answered 503' || fault === 'answered 429') {
      response.writeHead(fault === 'answered 503' ? 503 : 429, { 'retry-after': '1' });
      response.end('<html>try again</html>');
      return;
    }
    if (fault === 'request delayed') await sleep(this.random.between(100, 1500));
    const answer = await this.ask(incoming, Buffer.concat(chunks)).catch(() => null);
    if (answer === null) {
      this.count('service down');
      return abort();
    }
    this.noteTokens(answer);
    if (fault === 'answer delayed') await sleep(this.random.between(100, 1500));
    if (fault === 'answer dropped') return abort();
    response.writeHead(answer.status, answer.headers);
    if (fault !== 'answer cut off') return void response.end(answer.body);
    response.write(answer.body.slice(0, answer.body.length / 2));
    setTimeout(abort, 20);
  }

  private ask(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { host: _host, connection: _connection, ...headers } = incoming.headers;
      const { method, url: path } = incoming;
      const options = { host: '127.0.0.1', port: this.port(), method, path, headers, agent: false };
      const outgoing = forward(options, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('error', reject);
        answer.on('close', () => {
          if (!answer.complete) return reject(new Error('cut off'));
          const kept = Object.entries(answer.headers).filter(([name]) =>
            /^(date|retry-after|content-type)$/.test(name),
          );
          resolve({
            status: answer.statusCode ?? 0,
            headers: Object.fromEntries(kept) as Record<string, string>,
            body: text,
          });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  private noteTokens({ body }: Answer): void {
    const { data } = JSON.parse(body) as {
      data: { accessToken?: string; timeStamp: number; tokenSeq: number } | null;
    };
    if (data?.accessToken) this.tokens.set(data.accessToken, { session: data.timeStamp, seq: data.tokenSeq });
  }

  private noteUse({ headers }: IncomingMessage): void {
    const [scheme, accessToken = ''] = headers.authorization?.split(' ') ?? [];
    const token = this.tokens.get(accessToken);
    if (!token || !headers['x-tab']) return;
    if (scheme === 'DPoP') this.boundUses++;
    const [tab = 0, request = 0] = String(headers['x-tab']).split(' ').map(Number);
    this.uses.push({ at: performance.now(), tab, request, ...token });
  }
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import CryptoJS from 'crypto-js';
import { FakeEngine, type FakeAnswer, type FakeGrant, type FakeProject, type Flaw } from './fake-engine.js';
import type { RandomSource } from './random-source.js';
import type { Cluster } from './servers.js';

export interface FakeOptions {
  readonly processes: number;
  /** By owner id. */
  readonly projects: Readonly<Record<string, FakeProject & { readonly verifyKey: string }>>;
  readonly flaw?: Flaw;
}

/** Several HTTP servers in this process that share one fake engine, like processes that share a database. */
export class FakeCluster implements Cluster {
  private readonly engine: FakeEngine;
  private readonly servers: (Server | undefined)[] = [];
  private readonly ports: number[] = [];

  private constructor(
    private readonly options: FakeOptions,
    private readonly random: RandomSource,
  ) {
    const draw = () => random.next();
    this.engine = new FakeEngine(options.projects, () => performance.now(), draw, options.flaw);
  }

  static async launch(options: FakeOptions, random: RandomSource): Promise<FakeCluster> {
    const cluster = new FakeCluster(options, random);
    for (let index = 0; index < options.processes; index++) await cluster.start(index);
    return cluster;
  }

  get size(): number {
    return this.options.processes;
  }

  port(index: number): number {
    return this.ports[index] ?? 0;
  }

  async start(index: number): Promise<void> {
    const server = createServer((incoming, outgoing) => {
      this.answer(incoming, outgoing).catch(() => outgoing.destroy());
    });
    this.servers[index] = server;
    server.listen({ port: this.ports[index] ?? 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.ports[index] = address.port;
  }

  kill(index: number): Promise<void> {
    this.engine.crash();
    return this.end(index);
  }

  stop(index: number): Promise<void> {
    return this.end(index);
  }

  /** Does nothing: the servers share this process, which cannot be frozen. */
  pause(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.all(this.ports.map((_, index) => this.end(index)));
  }

  private async end(index: number): Promise<void> {
    const server = this.servers[index];
    if (server === undefined) return;
    this.servers[index] = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  private async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://fake');
    const body = await readBody(incoming);
    const project = String(incoming.headers['xownerid'] ?? '');
    const key = this.options.projects[project]?.verifyKey;
    // commit and answer at different times, so that a kill or a destroyed socket can happen in between
    const gap = () => sleep(this.random.between(0, 4));
    await gap();
    const value = String(incoming.headers['xverifyapi'] ?? '');
    if (key === undefined || !verified(value, key)) {
      return reply(outgoing, { status: 401, code: 'VERIFY_INVALID' });
    }
    const answer = await this.route(incoming, url, project, body, gap);
    await gap();
    reply(outgoing, answer);
  }

  private async route(
    incoming: IncomingMessage,
    url: URL,
    project: string,
    body: Record<string, string>,
    gap: () => Promise<void>,
  ): Promise<FakeAnswer> {
    const done: FakeAnswer = { status: 200, code: '' };
    const path = url.pathname.replace('/bo/api/v3/auth/', '');
    if (path === 'token') return this.engine.login(project, body['userName'] ?? '');
    if (path === 'token/refresh') {
      const token = body['refreshToken'] ?? url.searchParams.get('refreshToken') ?? '';
      return this.engine.refresh(project, token, gap);
    }
    if (path === 'token/revoke') {
      this.engine.revokeToken(project, body['refreshToken'] ?? '');
      return done;
    }
    const { id, sid } = claimsOf(incoming.headers.authorization ?? '');
    if (url.searchParams.get('scope') === 'all') {
      this.engine.endUser(project, id);
      return done;
    }
    return this.engine.endSession(project, sid) ? done : { status: 401, code: 'ACCESS_TOKEN_INVALID' };
  }
}

/** Uses crypto-js, like real callers, to verify the driver's own cipher. */
function verified(value: string, key: string): boolean {
  const plain = CryptoJS.DES.decrypt(value, CryptoJS.enc.Utf8.parse(key.padEnd(8, '\0').slice(0, 8)), {
    mode: CryptoJS.mode.ECB,
    padding: CryptoJS.pad.Pkcs7,
  }).toString(CryptoJS.enc.Latin1);
  return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(\|\d{13})?$/.test(plain);
}

async function readBody(incoming: IncomingMessage): Promise<Record<string, string>> {
  const body = await text(incoming);
  return body === '' ? {} : stringsOf(JSON.parse(body));
}

function stringsOf(json: unknown): Record<string, string> {
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function claimsOf(authorization: string): { id: string; sid: string } {
  const payload = Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString('utf8');
  const { id = '', sid = '' } = stringsOf(JSON.parse(payload));
  return { id, sid };
}

function accessToken(grant: FakeGrant): string {
  const claims = { owner_id: grant.project, id: grant.user, sid: grant.sessionId };
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.none`;
}

function reply(outgoing: ServerResponse, answer: FakeAnswer): void {
  const success = answer.status === 200;
  const error = { errorCode: success || !('code' in answer) ? null : answer.code, errorText: null };
  const data =
    'grant' in answer
      ? {
          refreshToken: answer.grant.refreshToken,
          accessToken: accessToken(answer.grant),
          tokenSeq: answer.grant.tokenSeq,
          timeStamp: answer.grant.began,
          expires: answer.grant.expires,
        }
      : { revoked: success };
  const body = JSON.stringify({ success, code: success ? 0 : 1, message: '', data, error });
  outgoing.writeHead(answer.status, { 'content-type': 'application/json', 'retry-after': '0' });
  outgoing.end(body);
}

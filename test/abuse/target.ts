import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import type { ServiceProcess } from '../support/service-process.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

export interface Call {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: object;
}

/** What a process holds at one moment. */
export interface Holding {
  readonly megabytes: number;
  readonly descriptors: number;
}

/** A service process that is attacked. */
export class Target {
  private readonly sockets: Socket[] = [];

  constructor(
    readonly service: ServiceProcess,
    private readonly isSecure: boolean,
  ) {}

  /** Each call has a connection of its own. */
  call({ path, method = 'GET', headers = {}, payload }: Call): Promise<Answer> {
    const begun = performance.now();
    const send = this.isSecure ? httpsRequest : httpRequest;
    return new Promise<Answer>((resolve, reject) => {
      const sent = send(
        {
          host: '127.0.0.1',
          port: this.service.port,
          path,
          method,
          agent: false,
          rejectUnauthorized: false,
          headers: { ...headers, ...(payload !== undefined && { 'content-type': 'application/json' }) },
        },
        (answer) =>
          void text(answer).then(
            (body) => resolve({ status: answer.statusCode ?? 0, body, ms: performance.now() - begun }),
            reject,
          ),
      );
      sent.on('error', reject);
      sent.end(payload === undefined ? undefined : JSON.stringify(payload));
    });
  }

  /** Opens a connection that never ends its own half, and reads nothing if `reads` is false. */
  open(bytes: string, reads: boolean): Socket {
    const socket = connect({ port: this.service.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    if (reads) socket.resume();
    if (bytes !== '') socket.write(bytes);
    this.sockets.push(socket);
    return socket;
  }

  letGo(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }

  holding(): Holding {
    const { pid } = this.service.child;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return {
      megabytes: Math.round(Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) / 1024),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  }

  /** Asks `/health/live` again and again until `until` resolves. @returns the worst time in ms; a failure is Infinity */
  async worstLive(until: Promise<unknown>): Promise<number> {
    let isOver = false;
    const over = until.finally(() => (isOver = true));
    let worst = 0;
    do {
      const { ms, status } = await this.call({ path: '/health/live' }).catch(() => ({ ms: 0, status: 0 }));
      worst = Math.max(worst, status === 200 ? ms : Infinity);
      await sleep(20);
    } while (!isOver);
    await over;
    return worst;
  }
}

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyValue } from '../history/verify-value.js';
import type { Target } from './target.js';

const API = '/bo/api/v3';
const HOST = 'Host: 127.0.0.1\r\n';

/** Forms of an attack: what a person runs, and what `npm test` has time for. */
export interface Scale {
  readonly connections: number;
  readonly requests: number;
  readonly logins: number;
  /** Duration of an attack that only waits, in ms. */
  readonly holdMs: number;
  /** Longest duration of the flood of GUIDs, in ms. */
  readonly floodMs: number;
}

/** What an attack showed besides what the process holds and how fast it answers. */
export interface Outcome {
  /** Whether the attack reached what it attacks; otherwise nothing is proved. */
  readonly struck: boolean;
  /** A promise that was broken, or `null`. */
  readonly broken: string | null;
  readonly says: string;
}

export interface Attack {
  readonly name: string;
  readonly isSecure?: boolean;
  /** A module to load into the service before it starts. */
  readonly preload?: string;
  /** How much more the process may hold afterwards, in MB. */
  readonly allowance?: number;
  run(target: Target, scale: Scale): Promise<Outcome>;
}

const tenant = (owner: 'acme' | 'ptdev') => ({
  XownerId: owner,
  XverifyApi: verifyValue(owner === 'acme' ? 'acme-key' : 'ptdev-58', false),
});

const logIn = (target: Target, owner: 'acme' | 'ptdev', userName: string, password: string) =>
  target.call({
    path: `${API}/auth/token`,
    method: 'POST',
    headers: tenant(owner),
    payload: { userName, password },
  });

async function settled(works: Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(works);
}

const silentHandshakes: Attack = {
  name: 'silent TLS connections',
  isSecure: true,
  async run(target, { connections, holdMs }) {
    const opened = Array.from({ length: connections }, () => target.open('', true));
    await settled(opened.map((socket) => once(socket, 'connect')));
    // Until the server has accepted them all.
    await sleep(1_000);
    const during = target.holding().descriptors;
    await sleep(holdMs);
    const closed = opened.filter((socket) => socket.readableEnded || socket.closed).length;
    return {
      struck: during >= connections,
      broken: closed === connections ? null : `${connections - closed} connections are still open`,
      says: `${closed} of ${connections} connections were closed`,
    };
  },
};

const unreadScrapes: Attack = {
  name: 'pipelined scrapes that nobody reads',
  async run(target, { connections, requests }) {
    const sockets = Math.min(connections, 8);
    const bytes = `GET /metrics HTTP/1.1\r\n${HOST}\r\n`.repeat(requests);
    for (let index = 0; index < sockets; index++) target.open(bytes, false);
    await sleep(3_000);
    return { struck: true, broken: null, says: `${sockets} connections sent ${requests} requests each` };
  },
};

const stalledLog: Attack = {
  name: 'a log whose reader stalls',
  async run(target, { requests }) {
    const { stdout } = target.service.child;
    stdout?.pause();
    let answered = 0;
    for (let sent = 0; sent < requests; sent += 50)
      await settled(
        Array.from({ length: 50 }, async () => {
          // 404s have a line at every level of the log.
          if ((await target.call({ path: `${API}/nothing` })).status === 404) answered++;
        }),
      );
    stdout?.resume();
    return {
      struck: stdout !== null,
      broken: answered === requests ? null : `${requests - answered} requests were not answered`,
      says: `${answered} of ${requests} requests were answered`,
    };
  },
};

/** The attackers never close their half of a connection. */
const halfOpen = (name: string, requests: readonly string[]): Attack => ({
  name,
  async run(target, { connections, holdMs }) {
    const opened = Array.from({ length: connections }, (_, index) =>
      target.open(requests[index % requests.length] ?? '', true),
    );
    await settled(opened.map((socket) => once(socket, 'connect')));
    const during = target.holding().descriptors;
    await sleep(holdMs);
    return { struck: during > 0, broken: null, says: `${connections} connections` };
  },
});

const refusedRequests = halfOpen('refused requests on half-open connections', ['nonsense\r\n\r\n']);

const lateRequests = halfOpen('late requests on half-open connections', [
  `GET /health/live HTTP/1.1\r\n${HOST}X: `,
  `POST ${API}/auth/token HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
]);

const costlyLogins: Attack = {
  name: "one project's costly logins",
  async run(target, { logins }) {
    const passwordHash = `$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQxMjM0NTY$${'A'.repeat(43)}`;
    const administer = (method: string, path: string, payload: object) =>
      target.call({
        path: `${API}/admin/projects/ptdev${path}`,
        method,
        headers: { ...tenant('ptdev'), Authorization: 'Bearer development-only-operator-token-change-me' },
        payload,
      });
    // Otherwise only the first few would be hashed.
    await administer('PATCH', '', { loginMaxFailures: 0 });
    const costly = { userId: `costly-${Date.now()}`, userName: 'costly', passwordHash };
    const added = await administer('POST', '/users', costly);
    const flood = Array.from({ length: logins }, () => logIn(target, 'ptdev', 'costly', 'wrong'));
    let flooding = true;
    const over = settled(flood).then(() => (flooding = false));
    await sleep(200);
    let worst = 0;
    let served = 0;
    let refused = 0;
    while (flooding) {
      const { status, ms } = await logIn(target, 'acme', 'alice', 'alice-password');
      if (!flooding) break;
      if (status === 200) served++;
      else refused++;
      worst = Math.max(worst, ms);
    }
    await over;
    return {
      struck: added.status === 201 && served + refused > 0,
      broken: refused === 0 ? null : `${refused} logins of the neighbour were refused`,
      says: `the neighbour signed in ${served} times meanwhile, at worst in ${Math.round(worst)} ms`,
    };
  },
};

const floodedReplays: Attack = {
  name: 'a neighbour that fills the memory of GUIDs',
  // At its real size, 2^20 slots, a flood of five minutes would be needed; the rule of eviction is the same.
  preload: './small-replay-memory.mjs',
  // The memory of GUIDs is allocated at the start, so once garbage is collected a flood leaves nothing but V8's slack.
  allowance: 50,
  async run(target, { floodMs }) {
    const refresh = (headers: Readonly<Record<string, string>>, token: string) =>
      target.call({ path: `${API}/auth/token/refresh?refreshToken=${token}`, headers });
    const used = tenant('acme');
    await refresh(used, 'a');
    const until = performance.now() + floodMs;
    const evictions = async () => {
      const { body } = await target.call({ path: '/metrics' });
      return Number(/^bo_auth_replay_evictions_total (\d+)/m.exec(body)?.[1] ?? 0);
    };
    let isFull = false;
    while (!isFull && performance.now() < until) {
      await settled(Array.from({ length: 8 }, () => pipelined(target, 32)));
      isFull = (await evictions()) > 0;
    }
    const replayed = await refresh(used, 'b');
    target.service.child.kill('SIGUSR2');
    return {
      struck: isFull,
      broken: replayed.body.includes('VERIFY_API_REFUSED') ? null : 'a replay was accepted',
      says: isFull ? 'the memory was full' : 'the memory was not filled in time',
    };
  },
};

/** Sends requests with new GUIDs on one connection, and reads the answers. */
async function pipelined(target: Target, count: number): Promise<void> {
  const requests = Array.from({ length: count }, (_, index) => {
    const { XownerId, XverifyApi } = tenant('ptdev');
    const last = index === count - 1 ? 'Connection: close\r\n' : '';
    return `GET ${API}/auth/token/refresh?refreshToken=x HTTP/1.1\r\n${HOST}XownerId: ${XownerId}\r\nXverifyApi: ${XverifyApi}\r\n${last}\r\n`;
  });
  const socket = target.open(requests.join(''), true);
  await once(socket, 'end').catch(() => undefined);
  socket.destroy();
}

export const ATTACKS: readonly Attack[] = [
  silentHandshakes,
  unreadScrapes,
  stalledLog,
  refusedRequests,
  lateRequests,
  costlyLogins,
  floodedReplays,
];

/** Those that take no more than a few seconds in their short form. */
export const SHORT_ATTACKS: readonly Attack[] = [unreadScrapes, refusedRequests, costlyLogins];

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { Agent, get as getHttp, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { API, encryptByDES, SAMPLE_TOKEN } from '../support/app.js';
import { built, endAll, ServiceProcess } from '../support/service-process.js';
import { eventually, freePort, temporaryFolder } from '../support/temporary.js';

const START_MS = 120_000;

/** Makes the primary's second and third fork fail, as on a system that is out of processes. */
const FAILING_FORKS = `data:text/javascript,${encodeURIComponent(`
  import cluster from 'node:cluster';
  const fork = cluster.fork?.bind(cluster);
  let forks = 0;
  cluster.fork = (env) => {
    if (++forks === 2 || forks === 3) throw Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' });
    return fork(env);
  };
`)}`;

/** Of each client, so that the processes have a share of the machine to start with. */
const PAUSE_MS = 50;

/** Keeps a request under way as long as that pause, so that the end of a worker can meet some. */
const SLOW_PLUGIN = `module.exports = (data) => new Promise((done) => setTimeout(done, ${PAUSE_MS}, data));`;

beforeAll(built, 180_000);
afterAll(endAll);

async function get(service: ServiceProcess, path: string, agent: Agent, headers = {}) {
  const answer = await new Promise<IncomingMessage>((done, failed) => {
    getHttp(service.url + path, { headers, agent }, done).on('error', failed);
  });
  return { status: answer.statusCode, text: await text(answer), connection: answer.headers.connection };
}

/** Refreshes with the documented call. */
const refresh = (service: ServiceProcess, agent: Agent, more = '') =>
  get(service, `${API}/auth/token/refresh?refreshToken=${SAMPLE_TOKEN}${more}`, agent, {
    XownerId: 'ptdev',
    XverifyApi: encryptByDES(`${randomUUID()}|${Date.now()}`, 'ptdev-58'),
  });

/**
 * Asks again and again, half of the clients on one connection as long as it is left open, half on a new one each time;
 * in each half one always has a request under way, and one pauses between two.
 */
function load(service: ServiceProcess) {
  const stopping = new AbortController();
  let answers = 0;
  const failures: string[] = [];
  const clients = Array.from({ length: 4 }, async (_, index) => {
    const agent = new Agent({ keepAlive: index % 2 === 0, maxSockets: 1 });
    while (!stopping.signal.aborted) {
      try {
        const answer = await refresh(service, agent, index < 2 ? '&_nodejs=slow' : '');
        if (answer.status === 200) answers++;
        else failures.push(`${answer.status} ${answer.text}`);
      } catch (error) {
        failures.push(String(error));
      }
      if (index >= 2) await sleep(PAUSE_MS);
    }
    agent.destroy();
  });
  return {
    answers: () => answers,
    stop: async () => {
      stopping.abort();
      await Promise.all(clients);
      return failures;
    },
  };
}

function workersOf(service: ServiceProcess): number[] {
  try {
    const pids = execFileSync('pgrep', ['-P', String(service.child.pid)], { encoding: 'utf8' });
    return pids.split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

describe('several workers on one port', () => {
  const folder = temporaryFolder();
  let service: ServiceProcess;
  let metricsUrl: string;
  beforeAll(async () => {
    const metricsPort = await freePort();
    writeFileSync(`${folder.path}/fn-slow.js`, SLOW_PLUGIN);
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    service = await ServiceProcess.start(
      {
        DATABASE_URL: `sqlite:${folder.path}/test.sqlite`,
        WORKERS: '2',
        METRICS_PORT: String(metricsPort),
        PLUGINS_DIR: folder.path,
        SHUTDOWN_DELAY_MS: '1000',
        SHUTDOWN_DEADLINE_MS: '30000',
      },
      { nodeOptions: ['--import', FAILING_FORKS] },
    );
    await eventually('all workers', () => service.count('listening') === 2, START_MS);
  }, START_MS);
  afterAll(async () => {
    await service?.kill('SIGKILL');
    folder.remove();
  });

  it('repeats a fork that failed', () => {
    expect(service.count('a worker could not be forked')).toBe(2);
    expect(service.count('a worker did not come up')).toBe(1);
  });

  it('writes the demo data once', () => {
    expect(service.count('demo data written: projects ptdev and acme')).toBe(1);
    expect(workersOf(service)).toHaveLength(2);
  });

  it('shares the port of the metrics, where each worker answers for all', async () => {
    await eventually('their lines', () => service.count('serving metrics on their own port') === 2);
    // On connections of their own, so that both workers get some.
    const headers = { connection: 'close' };
    for (let sent = 0; sent < 4; sent++)
      expect((await fetch(`${service.url}/metrics`, { headers })).status).toBe(404);
    for (let asked = 0; asked < 4; asked++)
      expect(await (await fetch(metricsUrl, { headers })).text()).toMatch(
        /^bo_auth_failures_total\{code="ROUTE_UNKNOWN"\} 4$/m,
      );
  });

  it(
    'rolls over under load without a refused, reset or failed request',
    async () => {
      const before = workersOf(service);
      const { answers, stop } = load(service);
      await eventually('requests', () => answers() > 20);
      service.child.kill('SIGHUP');
      await eventually('rolled over', () => service.count('rolled over') === 1, START_MS);
      const then = answers();
      await eventually('requests at the new workers', () => answers() > then + 20);
      expect(await stop()).toEqual([]);
      const after = workersOf(service);
      expect(after).toHaveLength(2);
      expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    },
    START_MS,
  );

  it(
    'ends a worker that hangs, and replaces it as any that died',
    async () => {
      const [victim = 0] = workersOf(service);
      const listening = service.count('listening');
      process.kill(victim, 'SIGSTOP');
      await eventually('it is told', () => service.count('a worker hangs') > 0, START_MS);
      await eventually('it is gone', () => service.count('a worker died') > 0, START_MS);
      await eventually('a successor', () => service.count('listening') > listening, START_MS);
      expect(workersOf(service)).toHaveLength(2);
      expect(workersOf(service)).not.toContain(victim);
      expect((await refresh(service, new Agent())).status).toBe(200);
    },
    START_MS,
  );

  it(
    'says that it ends before it does, answers what is under way, waits for no connection without a request, and ends with all its workers',
    async () => {
      const workers = workersOf(service);
      const { answers, stop } = load(service);
      const watch = new Agent({ keepAlive: true });
      // Accepted before the requests that follow it are answered.
      const silent = connect(service.port, '127.0.0.1');
      await once(silent, 'connect');
      const closed = once(silent, 'close');
      silent.resume();
      const already = answers();
      await eventually('requests', () => answers() > already + 5);
      service.child.kill('SIGTERM');
      await eventually('not ready', async () => (await get(service, '/health/ready', watch)).status === 503);
      const live = await get(service, '/health/live', watch);
      expect(live).toMatchObject({ status: 200, connection: 'close' });
      const then = answers();
      await eventually('it goes on serving', () => answers() > then);
      // New connections are served for as long as it says that it ends, and refused after that.
      expect(
        await Promise.race([stop(), sleep(START_MS, ['the load did not stop'], { ref: false })]),
      ).toEqual([]);
      await closed;
      expect((await service.exited).code).toBe(0);
      for (const fault of ['requests in flight did not end in time', 'shutdown failed'])
        expect(service.count(fault)).toBe(0);
      for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
      await expect(fetch(metricsUrl)).rejects.toThrow();
      watch.destroy();
    },
    START_MS,
  );
});

it('says what is wrong with WORKERS', async () => {
  await expect(ServiceProcess.start({ DATABASE_URL: 'sqlite::memory:', WORKERS: '2' })).rejects.toThrow(
    'WORKERS',
  );
  await expect(ServiceProcess.start({ WORKERS: 'many' })).rejects.toThrow('WORKERS');
});

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { ALL_CASES, sample } from '../runner/sample.js';
import { API, encryptByDES, SAMPLE_TOKEN } from '../support/app.js';
import { selfSigned } from '../support/certificate.js';
import { TestDatabase } from '../support/database.js';
import { RedisServer } from '../support/redis.js';
import { built, endAll, newFolder, ServiceProcess } from '../support/service-process.js';
import { eventually, freePort } from '../support/temporary.js';

type Case = readonly [
  database: 'sqlite' | 'postgres',
  redis: 'none' | 'up' | 'closed port' | 'wrong password' | 'late' | 'silent',
  workers: 1 | 2,
  protocol: 'http' | 'https',
];

/** Each state of Redis once, and each pair of the other three. */
const FEW: readonly Case[] = [
  ['sqlite', 'none', 1, 'https'],
  ['postgres', 'up', 2, 'http'],
  ['sqlite', 'closed port', 1, 'http'],
  ['postgres', 'wrong password', 1, 'https'],
  ['postgres', 'late', 1, 'https'],
  ['sqlite', 'silent', 2, 'https'],
];

const ALL: readonly Case[] = FEW.flatMap(([, redis]) =>
  (['sqlite', 'postgres'] as const).flatMap((database) =>
    ([1, 2] as const).flatMap((workers) =>
      (['http', 'https'] as const).map((protocol): Case => [database, redis, workers, protocol]),
    ),
  ),
);

/** Every dependency in every state that an operator meets. */
const CASES = ALL_CASES ? ALL : sample(FEW, 2);

/** What health names as the reason; `null`: Redis answers, or is not configured. */
const REASONS: Readonly<Record<Case[1], string | null>> = {
  none: null,
  up: null,
  'closed port': 'ECONNREFUSED',
  'wrong password': 'WRONGPASS',
  late: null,
  silent: 'SILENT',
};

describe('the service reaches readiness and refreshes, whatever its dependencies do', () => {
  const databases: TestDatabase[] = [];
  let up: RedisServer;
  let silent: Server;

  const postgresDatabase = async () => {
    const created = await TestDatabase.create();
    databases.push(created);
    return created.url;
  };

  beforeAll(async () => {
    await built();
    up = await RedisServer.start();
    await up.command('ACL', 'SETUSER', 'service', 'on', '>right', '~*', '&*', '+@all');
    silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
  }, 240_000);

  afterAll(async () => {
    endAll();
    silent.close();
    await Promise.all([...databases.map((each) => each.drop()), up.stop()]);
  });

  it.each(CASES)(
    '%s, Redis: %s, workers: %i, %s',
    async (database, redis, workers, protocol) => {
      const late = redis === 'late' ? await RedisServer.start(false) : null;
      const url = {
        none: '',
        up: up.url,
        'closed port': 'redis://127.0.0.1:1',
        'wrong password': `redis://service:wrong@127.0.0.1:${up.port}`,
        late: late?.url ?? '',
        silent: `redis://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      }[redis];
      const port = await freePort();
      const server = await ServiceProcess.spawn({
        DATABASE_URL: database === 'sqlite' ? `sqlite:${newFolder()}/test.sqlite` : await postgresDatabase(),
        REDIS_URL: url,
        WORKERS: String(workers),
        PORT: String(port),
        ...(protocol === 'https' && (await selfSigned('localhost'))),
      });
      const ask = async (path: string, headers = {}) => {
        const request = protocol === 'https' ? getTls : get;
        const sent = request(`${protocol}://127.0.0.1:${port}${path}`, {
          headers,
          agent: false,
          rejectUnauthorized: false,
        });
        const [answer] = (await once(sent, 'response')) as [
          Parameters<typeof text>[0] & { statusCode: number },
        ];
        return { status: answer.statusCode, body: JSON.parse(await text(answer)) as never };
      };
      const ready = async () => {
        const { status, body } = await ask('/health/ready');
        return status === 200 ? (body as { details: { redis: { reason?: string } } }).details.redis : null;
      };
      const started = workers === 1 ? 'listening' : 'all workers listen';
      const hasEnded = () => server.child.exitCode !== null;
      await eventually(started, () => hasEnded() || server.count(started) > 0, 110_000);
      await eventually('ready', () => hasEnded() || ready().then(Boolean, () => false), 110_000);
      expect(server.stderr).toBe('');
      const refresh = await ask(`${API}/auth/token/refresh?refreshToken=${SAMPLE_TOKEN}`, {
        XownerId: 'ptdev',
        XverifyApi: encryptByDES(randomUUID(), 'ptdev-58'),
      });
      expect(refresh).toMatchObject({ status: 200, body: { success: true } });
      await late?.resume();
      await eventually('health names the reason', async () => {
        const state = await ready();
        return state !== null && (state.reason ?? null) === REASONS[redis];
      });
      const reasons = server.lines().filter(({ reason }) => reason === REASONS[redis]);
      expect(reasons).toHaveLength(REASONS[redis] === null ? 0 : workers === 1 ? 1 : workers + 1);
      expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      await late?.stop();
    },
    180_000,
  );
});

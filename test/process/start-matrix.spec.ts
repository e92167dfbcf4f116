import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { API, encryptByDES, SAMPLE_TOKEN } from '../support/app.js';
import { selfSigned } from '../support/certificate.js';
import { TestDatabase } from '../support/database.js';
import { RedisServer } from '../support/redis.js';
import { built, endAll, newFolder, ServiceProcess } from '../support/service-process.js';
import { eventually, freePort } from '../support/temporary.js';

/** Every dependency in every state that an operator meets. `START_MATRIX=all` runs all 48 combinations. */
const DATABASES = ['sqlite', 'postgres'] as const;
const REDIS = ['none', 'up', 'closed port', 'wrong password', 'late', 'silent'] as const;
const WORKERS = [1, 2] as const;
const PROTOCOLS = ['http', 'https'] as const;

type Case = readonly [
  database: (typeof DATABASES)[number],
  redis: (typeof REDIS)[number],
  workers: (typeof WORKERS)[number],
  protocol: (typeof PROTOCOLS)[number],
];

const ALL: readonly Case[] = DATABASES.flatMap((database) =>
  REDIS.flatMap((redis) =>
    WORKERS.flatMap((workers) => PROTOCOLS.map((protocol): Case => [database, redis, workers, protocol])),
  ),
);

/** Each pair of two states occurs in one of these. */
const PAIRS: readonly Case[] = REDIS.flatMap((redis, index): Case[] =>
  index % 2 === 0
    ? [
        ['sqlite', redis, 1, 'http'],
        ['postgres', redis, 2, 'https'],
      ]
    : [
        ['sqlite', redis, 2, 'https'],
        ['postgres', redis, 1, 'http'],
      ],
).concat([
  ['sqlite', 'none', 1, 'https'],
  ['postgres', 'none', 2, 'http'],
]);

const CASES = process.env['START_MATRIX'] === 'all' ? ALL : PAIRS;
/** What health names as the reason; `null`: Redis answers, or is not configured. */
const REASONS: Readonly<Record<(typeof REDIS)[number], string | null>> = {
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
      await eventually(
        'ready',
        () => server.child.exitCode !== null || ready().then(Boolean, () => false),
        110_000,
      );
      const started = workers === 1 ? 'listening' : 'all workers listen';
      await eventually(started, () => server.lines().some(({ msg }) => msg === started), 110_000);
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

import { readFile } from 'node:fs/promises';
import { inspect, parseEnv } from 'node:util';
import { ConfigError, loadConfig } from '../../src/config/config.js';
import { VARIABLES } from '../../src/config/variables.js';
import { STRONG_SECRETS } from '../support/secrets.js';

const production = { NODE_ENV: 'production', ...STRONG_SECRETS };

function refusal(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

it('starts on nothing at all', () => {
  const { peppers, ...config } = loadConfig({});
  expect(config).toMatchObject({
    environment: 'development',
    host: '127.0.0.1',
    port: 58_582,
    metricsPort: null,
    metricsToken: null,
    tls: null,
    database: { kind: 'sqlite', file: './data/bo-auth.sqlite' },
    redisUrl: null,
    pluginsDir: './Config/AppNodeJs/Plugins',
    swaggerEnabled: true,
    logLevel: 'info',
    rateLimitPerMinute: 600,
    rateLimitExempt: [],
    sessionRetentionDays: 1,
    eventRetentionDays: 180,
    trustedProxies: [],
  });
  expect(peppers.current.id).toBe('0');
});

it('takes an empty variable for an absent one, and ignores what is not its own', () => {
  const empty = Object.fromEntries(VARIABLES.map((name) => [name, '']));
  expect(JSON.stringify(loadConfig({ ...empty, HOME: '/root', port: '1' }))).toBe(
    JSON.stringify(loadConfig({})),
  );
});

it.each([
  ['DATABASE_URL', 'sqlite::memory:', { database: { kind: 'sqlite', file: null } }],
  [
    'DATABASE_URL',
    'sqlite:/var/lib/a b.sqlite',
    { database: { kind: 'sqlite', file: '/var/lib/a b.sqlite' } },
  ],
  ['DATABASE_URL', 'postgres://u:p@h/d', { database: { kind: 'postgres', url: 'postgres://u:p@h/d' } }],
  ['DATABASE_URL', 'postgresql://h/d', { database: { kind: 'postgres', url: 'postgresql://h/d' } }],
  [
    'DATABASE_URL',
    'postgres://u:p@/d?host=/run',
    { database: { kind: 'postgres', url: 'postgres://u:p@/d?host=/run' } },
  ],
  ['REDIS_URL', 'rediss://h:6380/1', { redisUrl: 'rediss://h:6380/1' }],
  ['HOST', '::', { host: '::' }],
  ['PORT', '0', { port: 0 }],
  ['PORT', '65535', { port: 65_535 }],
  ['METRICS_PORT', '9464', { metricsPort: 9_464 }],
  ['METRICS_TOKEN', 'sixteen-letters!', { metricsToken: 'sixteen-letters!' }],
  ['RATE_LIMIT_PER_MINUTE', '0', { rateLimitPerMinute: 0 }],
  ['PUBLIC_URL', 'https://auth.example.com/', { publicUrl: 'https://auth.example.com' }],
  ['PUBLIC_URL', 'http://localhost:8080', { publicUrl: 'http://localhost:8080' }],
  ['PORT', '8080', { publicUrl: 'http://localhost:8080' }],
  ['SWAGGER_ENABLED', 'false', { swaggerEnabled: false }],
  ['NODE_ENV', 'test', { environment: 'development' }],
  ['LOG_LEVEL', 'silent', { logLevel: 'silent' }],
  ['TRUSTED_PROXIES', ' 10.0.0.0/8, ::1,127.0.0.1', { trustedProxies: ['10.0.0.0/8', '::1', '127.0.0.1'] }],
])('%s=%s', (name, value, expected) => {
  expect(loadConfig({ [name]: value })).toMatchObject(expected);
});

const BAD: Record<string, string[]> = {
  NODE_ENV: ['prod', 'Production', 'development '],
  PORT: ['-1', '65536', '80a', '1e3', ' 80', '0x50', '999999999999'],
  METRICS_PORT: ['-1', '65536', 'on', '58582'],
  METRICS_TOKEN: ['fifteen-letters', 'sixteen letters!!', 'sechzehn-zeichen-ü'],
  DATABASE_URL: [
    'mysql://x',
    'sqlite:',
    'sqlite://x',
    './file',
    'postgres://',
    'postgres:',
    'http://x',
    'postgres://u:pa%ss@h/d',
  ],
  REDIS_URL: [
    '127.0.0.1:6379',
    'http://x',
    'redis:',
    'redis://',
    'redis://[',
    'redis://h/db',
    'redis://:pa%ss@h',
  ],
  PUBLIC_URL: [
    'auth.example.com',
    'https://a.example/b',
    'https://a.example?b',
    'https://u@a.example',
    'ftp://a',
  ],
  SWAGGER_ENABLED: ['yes', 'TRUE', '2'],
  LOG_LEVEL: ['verbose', 'INFO'],
  RATE_LIMIT_PER_MINUTE: ['-1', '1.5', 'off', '1000001'],
  DATABASE_POOL_SIZE: ['0', 'many'],
  OPERATOR_TOKEN_HASH: ['secret', 'a'.repeat(63)],
  RATE_LIMIT_EXEMPT: ['backend', '10.0.0.0/33', '10.0.0.1/', '10.0.0.*', '10.0.0.1;10.0.0.2', '::/200'],
  SESSION_RETENTION_DAYS: ['0', '1.5', 'forever'],
  EVENT_RETENTION_DAYS: ['-1', '36501', 'none'],
  TRUSTED_PROXIES: ['nobody', '10.0.0.0/33', '10.0.0.0/', '10.0.0', '::1/129', '127.0.0.1,x'],
  TOKEN_PEPPER: ['a:b:c', 'a b', 'ü', 'a:,b:c', 'a:b,a:c', ':b', 'a'.repeat(17) + ':b'],
};
it.each(Object.entries(BAD).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
  '%s=%j stops the start with one line that names it',
  (name, value) => {
    const message = refusal({ [name]: value });
    expect(message).toMatch(new RegExp(`^${name}: .+$`));
    expect(message).not.toContain('\n');
  },
);

it('the public URL is https in production, except on this machine', () => {
  const production = { NODE_ENV: 'production', ...STRONG_SECRETS };
  expect(refusal({ ...production, PUBLIC_URL: 'http://auth.example.com' })).toMatch(/^PUBLIC_URL: /);
  expect(loadConfig({ ...production, PUBLIC_URL: 'http://127.0.0.1:1' }).publicUrl).toBe(
    'http://127.0.0.1:1',
  );
  expect(loadConfig(production).publicUrl).toBeNull();
});

it('one half of the TLS pair names the other', () => {
  expect(refusal({ TLS_CERT_FILE: 'a' })).toMatch(/^TLS_KEY_FILE: /);
  expect(refusal({ TLS_KEY_FILE: 'a' })).toMatch(/^TLS_CERT_FILE: /);
  expect(loadConfig({ TLS_CERT_FILE: 'a', TLS_KEY_FILE: 'b' }).tls).toEqual({ certFile: 'a', keyFile: 'b' });
});

describe('production', () => {
  it('starts on its own secrets, without demo or Swagger UI', () => {
    expect(loadConfig(production)).toMatchObject({ environment: 'production', swaggerEnabled: false });
    expect(loadConfig({ ...production, SWAGGER_ENABLED: 'true' }).swaggerEnabled).toBe(true);
  });

  it.each(['JWT_SECRET', 'TOKEN_PEPPER'])(
    'refuses a missing, default or short %s, and never repeats it',
    (name) => {
      const fallback =
        name === 'JWT_SECRET' ? loadConfig({}).jwtSecret : 'development-only-token-pepper-change-me';
      for (const value of ['', fallback, 's'.repeat(31), '秘'.repeat(10)]) {
        const message = refusal({ ...production, [name]: value });
        expect(message).toMatch(new RegExp(`^${name}: .+$`));
        if (value !== '') expect(message).not.toContain(value);
      }
    },
  );

  it('has no operator by default, and refuses the one of development', () => {
    const known = loadConfig({}).operatorTokenHash?.toString('hex') ?? '';
    expect(loadConfig(production).operatorTokenHash).toBeNull();
    expect(known).toHaveLength(64);
    expect(refusal({ ...production, OPERATOR_TOKEN_HASH: known })).toMatch(/^OPERATOR_TOKEN_HASH: .+$/);
  });

  it('measures every pepper of the list, not the text', () => {
    const list = `new:${'a'.repeat(40)},old:short`;
    expect(refusal({ ...production, TOKEN_PEPPER: list })).toMatch(/^TOKEN_PEPPER: /);
    expect(refusal({ ...production, TOKEN_PEPPER: list })).not.toContain('short');
    expect(
      loadConfig({ ...production, TOKEN_PEPPER: `n:${STRONG_SECRETS.TOKEN_PEPPER},o:${'b'.repeat(32)}` }),
    ).toBeDefined();
  });

  it('finds the development default inside a list, too', () => {
    const hidden = `n:${'a'.repeat(32)},0:development-only-token-pepper-change-me`;
    expect(refusal({ ...production, TOKEN_PEPPER: hidden })).toMatch(/^TOKEN_PEPPER: /);
  });

  it('counts a secret in bytes', () => {
    const secret = '秘密钥匙不可告人之事';
    expect(loadConfig({ ...production, JWT_SECRET: `${secret}啊` }).jwtSecret).toHaveLength(11);
  });

  it('refuses a secret of few different characters, and one secret for both purposes', () => {
    const { TOKEN_PEPPER: pepper } = STRONG_SECRETS;
    for (const [name, value] of [
      ['JWT_SECRET', 'j'.repeat(32)],
      ['TOKEN_PEPPER', 'abcde'.repeat(8)],
      ['TOKEN_PEPPER', `new:${'p'.repeat(32)},0:${pepper}`],
    ] as const)
      expect(refusal({ ...production, [name]: value })).toMatch(
        new RegExp(`^${name}: has too few different characters: use the output of bo-auth key rotate `),
      );
    expect(refusal({ ...production, JWT_SECRET: pepper })).toMatch(
      /^JWT_SECRET: must not also be in TOKEN_PEPPER/,
    );
    // While they are being replaced, the former ones may stay.
    const { JWT_SECRET } = STRONG_SECRETS;
    for (const former of [pepper, 'x'.repeat(32)])
      expect(
        loadConfig({
          ...production,
          JWT_SECRET: `n:${JWT_SECRET},o:${former}`,
          TOKEN_PEPPER: `n:${pepper},o:${'y'.repeat(32)}`,
        }).jwtSecret,
      ).toBe(JWT_SECRET);
  });
});

it('shows no secret when it is printed', () => {
  const { peppers } = loadConfig({ TOKEN_PEPPER: 'kid:verysecretpepper' });
  expect(JSON.stringify({ peppers }) + inspect(peppers)).not.toContain('verysecret');
});

describe('.env.example', () => {
  let text: string;
  beforeAll(async () => {
    text = await readFile('.env.example', 'utf8');
  });

  it('has every variable, and none besides', () => {
    expect(Object.keys(parseEnv(text)).toSorted()).toEqual(VARIABLES.toSorted());
  });

  it('has a comment above each', () => {
    for (const block of text.trim().split('\n\n').slice(1)) expect(block).toMatch(/^# [^]*\n[A-Z0-9_]+=/);
  });

  it('holds the defaults', () => {
    expect(JSON.stringify(loadConfig(parseEnv(text) as Record<string, string>))).toBe(
      JSON.stringify(loadConfig({})),
    );
  });
});

it('reports every bad variable at once, each on a line of its own', () => {
  const message = refusal({ PORT: 'x', REDIS_URL: 'y', TLS_CERT_FILE: '/c', NODE_ENV: 'production' });
  expect(message.split('\n').map((line) => line.split(':', 1)[0])).toEqual([
    'PORT',
    'REDIS_URL',
    'JWT_SECRET',
    'TOKEN_PEPPER',
    'TLS_KEY_FILE',
  ]);
});

it.each(VARIABLES)('%s: a line break at the end is refused, not taken as part of the value', (name) => {
  expect(refusal({ [name]: 'sqlite:./x.sqlite\r' })).toMatch(
    new RegExp(`^${name}: holds a control character`),
  );
});

it('takes localhost for one address, so that there is one server', () => {
  expect(loadConfig({ HOST: 'localhost' }).host).toBe('127.0.0.1');
});

it('serves all addresses in production, where no key is published', () => {
  expect(loadConfig(production).host).toBe('0.0.0.0');
});

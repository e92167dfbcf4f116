import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Test } from '@nestjs/testing';
import ts from 'typescript';
import { PluginFailure, PluginLoadError } from '../../src/plugins/plugin-failure.js';
import { PluginRegistry, pluginRuns } from '../../src/plugins/plugin-registry.js';

const ACCESS_TOKEN = 'eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl';
const REFRESH_TOKEN = 'T0pSecretRefreshTokenOf32Letters';
const loginData = () => ({
  tokenUser: { userId: 'alice', userName: 'Alice', roleId: ['a_b'], depId: [] as string[] },
  timeStamp: 1,
  accessToken: ACCESS_TOKEN,
  refreshToken: REFRESH_TOKEN,
});
const call = { ownerId: 'acme', method: 'GET', route: '/bo/api/v3/auth/token/refresh' };
/** Long enough for any machine to load a file, short enough to wait for. */
const DEADLINE_MS = 400;

const folders: string[] = [];
afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A real folder with these files. Jest's own loader wants `"type": "module"` for `export`; Node's is tried below. */
async function folderWith(files: Record<string, string>, type = 'module'): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'bo-plugins-')));
  folders.push(folder);
  for (const [name, text] of Object.entries({ 'package.json': JSON.stringify({ type }), ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function registryOf(pluginsDir: string): Promise<{ registry: PluginRegistry; warnings: string[] }> {
  const warnings: string[] = [];
  const warn = (line: string) => void warnings.push(line);
  const registry = new PluginRegistry({ pluginsDir, warn, pluginDeadlineMs: DEADLINE_MS });
  await registry.onModuleInit();
  return { registry, warnings };
}

async function registryWith(files: Record<string, string>): Promise<PluginRegistry> {
  return (await registryOf(await folderWith(files))).registry;
}

/** Behaves on the sample of the start and does `text` with alice's data. */
const lateFault = (text: string) =>
  `export default (data, context) => { if (data.tokenUser.userId !== 'alice') return data; ${text} };`;

async function failureOf(run: () => unknown): Promise<PluginFailure> {
  try {
    await run();
  } catch (error) {
    if (error instanceof PluginFailure) return error;
    throw error;
  }
  throw new Error('expected a PluginFailure');
}

async function loadErrorOf(pluginsDir: string): Promise<string> {
  try {
    await registryOf(pluginsDir);
  } catch (error) {
    if (!(error instanceof PluginLoadError)) throw error;
    expect(error.message).toMatch(/^PLUGINS_DIR: [^\n]+$/);
    return error.message;
  }
  throw new Error('expected a PluginLoadError');
}

describe('built-in plugins', () => {
  it('exist without a folder, and answer at once', async () => {
    const { registry, warnings } = await registryOf(join(tmpdir(), 'bo-plugins-that-does-not-exist'));
    expect(registry.names()).toEqual(['common-data', 'common-data-under']);
    expect(await registry.run('common-data', loginData(), call)).toEqual(loginData());
    expect(await registry.run('common-data-under', loginData(), call)).toMatchObject({
      token_user: { user_id: 'alice', role_id: ['a_b'] },
      refresh_token: REFRESH_TOKEN,
    });
    expect(warnings).toEqual([]);
  });

  it('cannot be replaced by a file', async () => {
    const folder = await folderWith({ 'fn-common-data.js': 'throw new Error("never run")' });
    const { registry, warnings } = await registryOf(folder);
    expect(await registry.run('common-data', { a_b: 1 }, call)).toEqual({ aB: 1 });
    expect(warnings).toEqual(['PLUGINS_DIR: fn-common-data.js is ignored: common-data is built in']);
  });

  it('are found by their exact names alone', async () => {
    const registry = await registryWith({ 'fn-x.js': 'export default (data) => data' });
    const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'size', 'get'];
    const twisted = [
      '',
      ' common-data',
      'common-data\0',
      'COMMON-DATA',
      '../fn-x',
      'fn-x',
      'fn-x.js',
      'x/',
      '%78',
    ];
    const others = [
      undefined,
      null,
      0,
      ['common-data'],
      { toString: () => 'x' },
      Symbol.iterator,
      'x'.repeat(10_240),
    ];
    for (const name of [...inherited, ...twisted, ...others]) expect(registry.find(name)).toBeNull();
    expect(registry.find('x')).not.toBeNull();
    const failure = await failureOf(() => registry.run('__proto__', {}, call));
    expect(failure.message).not.toContain('__proto__');
  });

  it('come through dependency injection, too', async () => {
    const pluginsDir = await folderWith({ 'fn-x.js': 'export default (data) => data' });
    const module = await Test.createTestingModule({
      providers: [{ provide: PluginRegistry, useFactory: () => PluginRegistry.load(pluginsDir) }],
    }).compile();
    await module.init();
    expect(module.get(PluginRegistry).names()).toEqual(['common-data', 'common-data-under', 'x']);
    await module.close();
  });
});

describe("an operator's plugin", () => {
  it.each([
    ['an ES module', 'export default (data) => ({ ...data, more: 1 })'],
    [
      'an ES module that awaits and imports',
      'import "node:fs"; await 0; export default (data) => ({ ...data, more: 1 })',
    ],
    [
      'CommonJS',
      'const { sep } = require("node:path"); module.exports = (data) => ({ ...data, more: sep.length })',
    ],
    ['CommonJS with a byte order mark', '\uFEFFmodule.exports = (data) => ({ ...data, more: 1 })'],
    ['transpiled CommonJS', 'exports.__esModule = true; exports.default = (data) => ({ ...data, more: 1 })'],
    ['asynchronous', 'export default async (data) => { await null; return { ...data, more: 1 }; }'],
    [
      'one that imports from the folder',
      'import { more } from "./lib/more.js"; export default (d) => ({ ...d, more })',
    ],
  ])('may be %s', async (_, text) => {
    const registry = await registryWith({ 'fn-x.js': text, 'lib/more.js': 'export const more = 1;' });
    const input = loginData();
    expect(await registry.run('x', input, call)).toEqual({ ...loginData(), more: 1 });
    expect(input).toEqual(loginData());
  });

  it('may be CommonJS under a commonjs package', async () => {
    const { registry } = await registryOf(
      await folderWith({ 'fn-x.js': 'module.exports = (d) => d' }, 'commonjs'),
    );
    expect(registry.find('x')).not.toBeNull();
  });

  it('answers at once when it is synchronous', async () => {
    const registry = await registryWith({ 'fn-x.js': 'export default (data) => data' });
    expect(await registry.run('x', loginData(), call)).not.toBeInstanceOf(Promise);
  });

  it('is told the context and no more, frozen', async () => {
    const registry = await registryWith({
      'fn-x.js': 'export default (data, context) => ({ ...data, context, frozen: Object.isFrozen(context) })',
    });
    const context = { ...call, request: { headers: { authorization: 'secret' } } };
    expect(await registry.run('x', loginData(), context)).toMatchObject({
      context: { plugin: 'x', ...call },
      frozen: true,
    });
    expect(JSON.stringify(registry.run('x', loginData(), context))).not.toContain('secret');
  });

  it('cannot change what it was given', async () => {
    const registry = await registryWith({
      'fn-strict.js': lateFault('data.tokenUser.roleId.push("admin"); return data;'),
      'fn-sloppy.js':
        'module.exports = (data) => { data.tokenUser.userId = "root"; delete data.timeStamp; return data; };',
    });
    const input = loginData();
    expect((await failureOf(() => registry.run('strict', input, call))).reason).toBe(
      'threw TypeError at fn-strict.js:1',
    );
    expect(await registry.run('sloppy', input, call)).toEqual(loginData());
    expect(input).toEqual(loginData());
  });

  it('gets no forbidden key and gives none on', async () => {
    const registry = await registryWith({
      'fn-x.js': `export default (data) => ({
        ...data,
        given: Object.keys(data).includes('__proto__'),
        made: JSON.parse('{"__proto__":{"admin":1},"a":[{"constructor":{"prototype":{"admin":1}},"b":1}]}'),
      });`,
    });
    const polluted: object = JSON.parse(
      JSON.stringify(loginData()).replace('{', '{"__proto__":{"admin":1},'),
    );
    const result = await registry.run('x', polluted, call);
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      ...loginData(),
      given: false,
      made: { a: [{ b: 1 }] },
    });
    expect(Reflect.get({}, 'admin')).toBeUndefined();
  });

  it('may say what JSON can say', async () => {
    const registry = await registryWith({
      'fn-x.js': `export default ({ accessToken, refreshToken }) => [
        { access_token: accessToken, deep: [{ refresh_token: refreshToken, accessToken }] },
        new Date(0), undefined ?? null, Object.assign(Object.create(null), { bare: true, gone: undefined }),
      ];`,
    });
    expect(await registry.run('x', loginData(), call)).toEqual([
      { access_token: ACCESS_TOKEN, deep: [{ refresh_token: REFRESH_TOKEN, accessToken: ACCESS_TOKEN }] },
      '1970-01-01T00:00:00.000Z',
      null,
      { bare: true },
    ]);
  });

  it.each([
    ['nothing', 'return;', 'is not an object or array'],
    ['null', 'return null;', 'is not an object or array'],
    ['a text', 'return JSON.stringify(data);', 'is not an object or array'],
    ['a date', 'return new Date();', 'is not an object or array'],
    ['a function', 'return () => data;', 'is not an object or array'],
    ['a promise of nothing', 'return Promise.resolve();', 'is not an object or array'],
    ['a function inside', 'return { ...data, toJSON() { return {}; } };', 'holds a value of type function'],
    ['a BigInt', 'return { ...data, n: [1n] };', 'holds a value of type bigint'],
    ['a symbol', 'return { ...data, n: Symbol("s") };', 'holds a value of type symbol'],
    ['NaN', 'return { ...data, n: NaN };', 'holds a number that JSON cannot represent'],
    ['a gap in a list', 'return { ...data, list: [, 1] };', 'holds a value of type undefined'],
    ['an invalid date', 'return { ...data, at: new Date(NaN) };', 'holds an invalid date'],
    ['a Map', 'return new Map(Object.entries(data));', 'holds an object that is not a plain object'],
    [
      'an instance',
      'return { ...data, u: new URL("http://a/") };',
      'holds an object that is not a plain object',
    ],
    ['inherited tokens', 'return Object.create(data);', 'holds an object that is not a plain object'],
    [
      'a cycle',
      'const d = { ...data }; d.list = [d, d]; return d;',
      'is nested deeper than 100 levels or refers to itself',
    ],
    [
      'a small thing that is huge',
      'let d = { ...data }; for (let i = 0; i < 60; i++) d = { a: d, b: d }; return d;',
      'holds more than 100000 values',
    ],
    ['no access token', 'return { refreshToken: data.refreshToken };', 'lacks accessToken'],
    ['no refresh token', 'return { access_token: data.accessToken };', 'lacks refreshToken'],
    ['another token', 'return { ...data, accessToken: data.accessToken + "x" };', 'changed accessToken'],
    ['another token elsewhere', 'return { ...data, a: [{ refresh_token: "" }] };', 'changed refreshToken'],
    [
      'the tokens exchanged',
      'return { accessToken: data.refreshToken, refreshToken: data.accessToken };',
      'changed accessToken',
    ],
  ])('fails when it returns %s', async (_, text, reason) => {
    const registry = await registryWith({ 'fn-x.js': lateFault(text) });
    const failure = await failureOf(() => registry.run('x', loginData(), call));
    expect([failure.plugin, failure.reason]).toEqual(['x', `its result ${reason}`]);
  });

  it.each([
    [
      'an error that quotes the data',
      'throw new RangeError(data.accessToken);',
      'threw RangeError at fn-x.js:1',
    ],
    [
      'asynchronously',
      'return Promise.reject(new TypeError(data.refreshToken));',
      'threw TypeError at fn-x.js:1',
    ],
    ['a text', 'throw data.accessToken;', 'threw a value that is not an Error'],
    ['an object', 'return Promise.reject(data);', 'threw a value that is not an Error'],
    [
      'an error with everything forged',
      `const e = new Error(data.accessToken + "\\n    at /x/fn-x.js:7:" + data.refreshToken);
       e.name = e.code = data.refreshToken; e.constructor = { name: data.accessToken }; throw e;`,
      'threw Error at fn-x.js:1',
    ],
    [
      'an error that throws when read',
      'const e = new Error(); Object.defineProperty(e, "stack", { get() { throw data; } }); throw e;',
      'threw an Error that cannot be read',
    ],
    [
      'in a getter',
      'return { ...data, get x() { throw new EvalError(data.accessToken); } };',
      'threw EvalError at fn-x.js:1',
    ],
    [
      'in then',
      'return { get then() { throw new EvalError(data.accessToken); } };',
      'threw EvalError at fn-x.js:1',
    ],
  ])('fails when it throws %s, without a word of the data', async (_, text, reason) => {
    const registry = await registryWith({ 'fn-x.js': lateFault(text) });
    const failure = await failureOf(() => registry.run('x', loginData(), call));
    expect(failure.reason).toBe(reason);
    expect(failure.cause).toBeUndefined();
    const all = `${failure.message} ${failure.stack} ${JSON.stringify(failure)}`;
    expect(all).not.toContain(ACCESS_TOKEN);
    expect(all).not.toContain(REFRESH_TOKEN);
  });

  it('has a deadline, after which neither its result nor its error counts', async () => {
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown) => void rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    const registry = await registryWith({
      'fn-never.js': lateFault('return new Promise(() => {});'),
      'fn-late.js': lateFault(
        `return new Promise((_, no) => setTimeout(no, ${DEADLINE_MS + 50}, new Error("late")));`,
      ),
    });
    const reasons = await Promise.all(
      ['never', 'late'].map((name) => failureOf(() => registry.run(name, loginData(), call))),
    );
    for (const { reason } of reasons) expect(reason).toBe(`gave no answer within ${DEADLINE_MS} ms`);
    await new Promise((done) => setTimeout(done, 150));
    process.off('unhandledRejection', onRejection);
    expect(rejections).toEqual([]);
  });

  it('is timed, and so are the built-in ones', async () => {
    const registry = await registryWith({
      'fn-x.js': lateFault('return data;'),
      'fn-slow.js': lateFault('return Promise.resolve(data);'),
      'fn-bad.js': lateFault('return 1;'),
      'fn-slow-bad.js': lateFault('return Promise.resolve(1);'),
    });
    const runs: [string, boolean][] = [];
    const begun: object[] = [];
    const unsubscribe = pluginRuns.subscribe({
      onStart: (run) => void begun.push(run),
      onEnd: (run, { error }) => {
        expect(begun).toContain(run);
        runs.push([run.plugin, error === undefined]);
      },
    });
    await registry.run('common-data', loginData(), call);
    await registry.run('x', loginData(), call);
    await registry.run('slow', loginData(), call);
    await failureOf(() => registry.run('bad', loginData(), call));
    await failureOf(() => registry.run('slow-bad', loginData(), call));
    unsubscribe();
    await registry.run('common-data', loginData(), call);
    expect(runs).toEqual([
      ['common-data', true],
      ['x', true],
      ['slow', true],
      ['bad', false],
      ['slow-bad', false],
    ]);
  });

  it('works as the example of the documentation does', async () => {
    const folder = await folderWith({});
    await cp(resolve('docs/examples/fn-upper-user.js'), join(folder, 'fn-upper-user.js'));
    const { registry } = await registryOf(folder);
    const expected = { ...loginData(), project: 'acme' };
    expected.tokenUser.userName = 'ALICE';
    expect(await registry.run('upper-user', loginData(), call)).toEqual(expected);
  });
});

describe('the plugin folder', () => {
  const good = 'export default (data) => data';

  it('serves files of the right name alone, and says what it ignores', async () => {
    const long = 'a'.repeat(64);
    const folder = await folderWith({
      [`fn-${long}.js`]: good,
      'fn-0.js': good,
      'README.md': '',
      'helper.js': 'throw new Error("never run")',
      [`fn-${long}a.js`]: good,
      'fn-.js': good,
      'fn--x.js': good,
      'fn-UPPER.js': good,
      'fn-esm.mjs': good,
      'fn-line\nbreak.js': good,
      'fn-x.js/fn-y.js': good,
    });
    const { registry, warnings } = await registryOf(folder);
    expect(registry.names()).toEqual(['common-data', 'common-data-under', '0', long]);
    const ignored = [
      'fn--x.js',
      'fn-.js',
      'fn-UPPER.js',
      `fn-${long}a.js`,
      'fn-esm.mjs',
      'fn-line\\nbreak.js',
      'fn-x.js',
    ];
    expect(warnings).toHaveLength(ignored.length);
    for (const name of ignored) expect(warnings.some((line) => line.includes(name))).toBe(true);
    for (const line of warnings) expect(line).toMatch(/^PLUGINS_DIR: .* is ignored: [^\n]+$/);
  });

  it('ignores a socket', async () => {
    const folder = await folderWith({});
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(folder, 'fn-socket.js'), done));
    const { registry, warnings } = await registryOf(folder);
    await new Promise((done) => server.close(done));
    expect(registry.names()).toHaveLength(2);
    expect(warnings).toEqual(['PLUGINS_DIR: fn-socket.js is ignored: not a file']);
  });

  it('follows links within itself, as Kubernetes mounts a ConfigMap, and may be a link itself', async () => {
    const folder = await folderWith({ '..2026_01_01/fn-x.js': good });
    await symlink('..2026_01_01', join(folder, '..data'));
    await symlink('..data/fn-x.js', join(folder, 'fn-x.js'));
    const link = join(await folderWith({}), 'plugins');
    await symlink(folder, link);
    expect((await registryOf(link)).registry.find('x')).not.toBeNull();
  });

  it('refuses links that leave it, also to a folder whose name begins alike', async () => {
    const parent = await folderWith({
      'plugins/package.json': '{}',
      'plugins-old/fn-x.js': good,
      'outside.js': good,
    });
    for (const target of [
      '../plugins-old/fn-x.js',
      '../outside.js',
      join(parent, 'outside.js'),
      '/dev/null',
      '..',
    ]) {
      await symlink(target, join(parent, 'plugins/fn-x.js'));
      const message = await loadErrorOf(join(parent, 'plugins'));
      expect(message).toBe('PLUGINS_DIR: fn-x.js: is a link to a file outside the folder');
      await rm(join(parent, 'plugins/fn-x.js'));
    }
    await symlink('nowhere.js', join(parent, 'plugins/fn-x.js'));
    expect(await loadErrorOf(join(parent, 'plugins'))).toBe('PLUGINS_DIR: fn-x.js: cannot be read (ENOENT)');
  });

  it('must be a folder', async () => {
    const folder = await folderWith({ file: '' });
    expect(await loadErrorOf(join(folder, 'file'))).toMatch(/cannot be read as a folder \(ENOTDIR\)$/);
  });

  it.each([
    ['is no JavaScript', 'const a = ;', /does not load: SyntaxError/],
    ['is no ES module', 'import "node:fs";\nexport default const;', /does not load: SyntaxError/],
    [
      'throws',
      '\nthrow new TypeError("secret\\nsecret");\nexport default 1;',
      /does not load: TypeError at fn-x\.js:2$/,
    ],
    ['throws as CommonJS', '\n\nthrow new TypeError("secret");', /does not load: TypeError at fn-x\.js:3$/],
    ['throws a text', 'throw "secret"; export default 1;', /does not load: a value that is not an Error$/],
    ['never ends loading', 'await new Promise(() => {}); export default 1;', /did not load within 400 ms$/],
    ['exports nothing', 'const a = 1;', /has no function/],
    ['has no default export', 'export const plugin = (data) => data;', /has no function/],
    ['exports an object', 'module.exports = { plugin: (data) => data };', /has no function/],
    ['exports a class', 'export default class {}', /fails on a sample login: threw TypeError$/],
    [
      'throws on the sample',
      'export default () => { throw new Error("secret") }',
      /fails on a sample login: threw Error at/,
    ],
    [
      'returns nonsense',
      'export default () => 5',
      /fails on a sample login: its result is not an object or array$/,
    ],
    ['loses a token', 'export default () => ({})', /fails on a sample login: its result lacks accessToken$/],
    [
      'never answers',
      'export default () => new Promise(() => {})',
      /fails on a sample login: gave no answer within 400 ms$/,
    ],
  ])('stops the start for a file that %s', async (_, text, reason) => {
    const message = await loadErrorOf(await folderWith({ 'fn-a.js': good, 'fn-x.js': text }));
    expect(message).toMatch(/^PLUGINS_DIR: fn-x\.js: /);
    expect(message).toMatch(reason);
    expect(message).not.toContain('secret');
  });

  it('is read once', async () => {
    const folder = await folderWith({ 'fn-x.js': good });
    const { registry } = await registryOf(folder);
    await writeFile(join(folder, 'fn-y.js'), good);
    await rm(join(folder, 'fn-x.js'));
    await registry.onModuleInit();
    expect(registry.names()).toEqual(['common-data', 'common-data-under', 'x']);
    expect(await registry.run('x', loginData(), call)).toEqual(loginData());
  });
});

describe("under Node's own loader", () => {
  const files = {
    'fn-esm.js': 'export default (data) => ({ ...data, esm: true });',
    'fn-commonjs.js': 'module.exports = (data) => ({ ...data, commonjs: require("node:path").sep });',
  };
  const check = `
    import { PluginRegistry } from './plugins/plugin-registry.js';
    const call = { ownerId: 'acme', method: 'GET', route: '/' };
    const data = { accessToken: 'a', refreshToken: 'r' };
    try {
      const registry = await PluginRegistry.load(process.argv[2]);
      const results = registry.names().slice(2).map((name) => registry.run(name, data, call));
      process.stdout.write(JSON.stringify(await Promise.all(results)));
    } catch (error) {
      process.stdout.write(error.message);
    }`;
  let program: string;

  /** The compiled plugins as a program of their own: here, import() is Node's and not jest's. */
  beforeAll(async () => {
    program = await folderWith({ 'check.js': check });
    await symlink(resolve('node_modules'), join(program, 'node_modules'));
    const compilerOptions = {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    };
    for (const folder of ['plugins', 'diagnostics']) {
      await mkdir(join(program, folder));
      for (const name of await readdir(join('src', folder))) {
        const text = await readFile(join('src', folder, name), 'utf8');
        const { outputText } = ts.transpileModule(text, { compilerOptions });
        await writeFile(join(program, folder, name.replace(/\.ts$/, '.js')), outputText);
      }
    }
  });

  async function runOn(pluginsDir: string): Promise<string> {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      join(program, 'check.js'),
      pluginsDir,
    ]);
    // Node may warn of a package.json without a type; nothing here may rest on what Node calls experimental
    expect(stderr).not.toContain('ExperimentalWarning');
    return stdout;
  }

  const both = JSON.stringify([
    { accessToken: 'a', refreshToken: 'r', commonjs: '/' },
    { accessToken: 'a', refreshToken: 'r', esm: true },
  ]);

  it('both kinds of file work inside an ES module package', async () => {
    expect(await runOn(await folderWith(files))).toBe(both);
  });

  it('both kinds of file work outside any package, and under one that names no type', async () => {
    const bare = await folderWith(files);
    await rm(join(bare, 'package.json'));
    expect(await runOn(bare)).toBe(both);
    expect(await runOn(await folderWith({ ...files, 'package.json': '{}' }))).toBe(both);
  });

  it('says why an ES module does not work under a CommonJS package', async () => {
    expect(
      await runOn(
        await folderWith({ 'fn-c.js': files['fn-commonjs.js'], 'fn-e.js': files['fn-esm.js'] }, 'commonjs'),
      ),
    ).toBe(
      'PLUGINS_DIR: fn-e.js: does not load: SyntaxError (an ES module under a package.json that says "type": "commonjs")',
    );
  });

  it('a file whose loading never ends stops the start, and not silently', async () => {
    const folder = await folderWith({
      'fn-x.js': 'export default () => new Promise(() => {});',
    });
    const short = join(program, 'short.js');
    await writeFile(
      short,
      check.replace('PluginRegistry.load(process.argv[2])', 'loaded()').concat(`
      async function loaded() {
        const registry = new PluginRegistry({ pluginsDir: process.argv[2], pluginDeadlineMs: 50 });
        await registry.onModuleInit();
        return registry;
      }`),
    );
    const { stdout } = await promisify(execFile)(process.execPath, [short, folder]);
    expect(stdout).toBe('PLUGINS_DIR: fn-x.js: fails on a sample login: gave no answer within 50 ms');
  });
});

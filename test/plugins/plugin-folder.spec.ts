import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { load } from '../runner/typescript-hooks.mjs';
import { loginData, call, folderWith, registryOf, loadErrorOf, removeFolders } from './plugin-folders.js';

removeFolders();

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
    for (const folder of process.argv.slice(2))
      try {
        const registry = await PluginRegistry.load(folder);
        const results = registry.names().slice(2).map((name) => registry.run(name, data, call));
        console.log(JSON.stringify(await Promise.all(results)));
      } catch (error) {
        console.log(error.message);
      }`;
  let program: string;

  /** The compiled plugins as a program of their own: here, no hook of the tests loads them. */
  beforeAll(async () => {
    program = await folderWith({ 'check.js': check });
    await symlink(resolve('node_modules'), join(program, 'node_modules'));
    for (const folder of ['plugins', 'diagnostics']) {
      await mkdir(join(program, folder));
      for (const name of await readdir(join('src', folder))) {
        const { source } = await load(pathToFileURL(join('src', folder, name)).href);
        await writeFile(join(program, folder, name.replace(/\.ts$/, '.js')), source);
      }
    }
  });

  const both = JSON.stringify([
    { accessToken: 'a', refreshToken: 'r', commonjs: '/' },
    { accessToken: 'a', refreshToken: 'r', esm: true },
  ]);

  it('both kinds of file work in a package of ES modules, in one that names no type, and outside any', async () => {
    const bare = await folderWith(files);
    await rm(join(bare, 'package.json'));
    const commonJs = await folderWith(
      { 'fn-c.js': files['fn-commonjs.js'], 'fn-e.js': files['fn-esm.js'] },
      'commonjs',
    );
    const folders = [
      await folderWith(files),
      bare,
      await folderWith({ ...files, 'package.json': '{}' }),
      commonJs,
    ];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      join(program, 'check.js'),
      ...folders,
    ]);
    expect(stdout.trim().split('\n')).toEqual([
      both,
      both,
      both,
      // Under a CommonJS package an ES module does not work, and the message says why.
      'PLUGINS_DIR: fn-e.js: does not load: SyntaxError (an ES module under a package.json that says "type": "commonjs")',
    ]);
    // Node may warn of a package.json without a type; nothing here may rest on what Node calls experimental
    expect(stderr).not.toContain('ExperimentalWarning');
  });

  it('a file whose loading never ends stops the start, and not silently', async () => {
    const folder = await folderWith({
      'fn-x.js': 'export default () => new Promise(() => {});',
    });
    const short = join(program, 'short.js');
    await writeFile(
      short,
      check.replace('PluginRegistry.load(folder)', 'loaded()').concat(`
      async function loaded() {
        const registry = new PluginRegistry({ pluginsDir: process.argv[2], pluginDeadlineMs: 50 });
        await registry.onModuleInit();
        return registry;
      }`),
    );
    const { stdout } = await promisify(execFile)(process.execPath, [short, folder]);
    expect(stdout).toBe('PLUGINS_DIR: fn-x.js: fails on a sample login: gave no answer within 50 ms\n');
  });
});

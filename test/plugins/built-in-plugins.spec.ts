import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { PluginRegistry } from '../../src/plugins/plugin-registry.js';
import {
  REFRESH_TOKEN,
  loginData,
  call,
  folderWith,
  registryOf,
  registryWith,
  failureOf,
  removeFolders,
} from './plugin-folders.js';

removeFolders();

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

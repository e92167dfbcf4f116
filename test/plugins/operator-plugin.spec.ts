import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pluginRuns } from '../../src/plugins/plugin-registry.js';
import {
  ACCESS_TOKEN,
  REFRESH_TOKEN,
  loginData,
  call,
  DEADLINE_MS,
  folderWith,
  registryOf,
  registryWith,
  lateFault,
  failureOf,
  removeFolders,
} from './plugin-folders.js';

removeFolders();

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

  it('receives the context and nothing more, frozen', async () => {
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

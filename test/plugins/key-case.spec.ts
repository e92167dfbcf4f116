import * as fc from 'fast-check';
import { commonData, toCamelCase } from '../../src/plugins/common-data.js';
import { commonDataUnder, toSnakeCase } from '../../src/plugins/common-data-under.js';
import { MAX_DEPTH } from '../../src/plugins/plain-data.js';
import { PluginFailure } from '../../src/plugins/plugin-failure.js';

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];
const plugins = [
  { name: 'common-data', plugin: commonData, rename: toCamelCase },
  { name: 'common-data-under', plugin: commonDataUnder, rename: toSnakeCase },
];

const fieldName = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from('abzABZ019_- é部')), maxLength: 12 }),
  fc.string(),
  fc.constantFrom(...FORBIDDEN, '__Proto__', 'Constructor', 'PROTOTYPE', 'toString', 'hasOwnProperty'),
);
const leaf = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const { node: json } = fc.letrec<{ node: unknown; object: object }>((tie) => ({
  node: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('node'), { maxLength: 4 }), tie('object')),
  // through JSON, so that `__proto__` is a key of its own as a caller's would be
  object: fc
    .array(fc.tuple(fieldName, tie('node')), { maxLength: 5 })
    .map((pairs): object =>
      JSON.parse(
        `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`,
      ),
    ),
}));
const data = fc.record({ payload: json, list: fc.array(json, { maxLength: 3 }) });

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(keysOf)];
}

/** Arrays and objects without the names of the keys: what must survive when no two keys collide. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? value.map(shapeOf) : { values: Object.values(value).map(shapeOf) };
}

describe.each(plugins)('$name', ({ plugin, rename }) => {
  it('converts a second time into the same', () => {
    fc.assert(fc.property(data, (input) => expect(plugin(plugin(input))).toEqual(plugin(input))));
    fc.assert(fc.property(fieldName, (key) => expect(rename(rename(key))).toBe(rename(key))));
  });

  it('leaves no forbidden key at any depth and no prototype changed', () => {
    fc.assert(
      fc.property(data, (input) => {
        const output = plugin(input);
        expect(keysOf(output).filter((key) => FORBIDDEN.includes(key))).toEqual([]);
        expect(Object.getPrototypeOf(output)).toBe(Object.prototype);
      }),
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('never changes a value, nor the input', () => {
    const distinct = fc.uniqueArray(fc.stringMatching(/^[a-z]{2,6}(?:_[a-z]{2,6}){0,2}$/), {
      maxLength: 6,
      selector: (key) => key.replaceAll('_', ''),
    });
    const record = distinct
      .filter((keys) => !keys.some((key) => FORBIDDEN.includes(key)))
      .chain((keys) => fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), leaf))))
      .map((pairs) => Object.fromEntries(pairs));
    fc.assert(
      fc.property(record, record, (outer, inner) => {
        const input = { ...outer, zz: [inner, [inner, 'push_name']] };
        const before = structuredClone(input);
        expect(shapeOf(plugin(input))).toEqual(shapeOf(before));
        expect(input).toEqual(before);
      }),
    );
  });

  it('is what the same conversion of the JSON text would be', () => {
    const dated = {
      at_time: new Date(0),
      sparseList: [undefined, new Date(NaN)],
      boxed: new Number(5),
      gone: undefined,
    };
    expect(JSON.parse(JSON.stringify(plugin(dated)))).toEqual(plugin(JSON.parse(JSON.stringify(dated))));
  });

  it('fails clearly on data nested too deep or in a circle', () => {
    const nested = (levels: number): object => (levels <= 1 ? {} : { next: nested(levels - 1) });
    const endless: Record<string, unknown> = {};
    endless['endless'] = [endless];
    expect(plugin(nested(MAX_DEPTH))).toEqual(nested(MAX_DEPTH));
    expect(() => plugin(nested(MAX_DEPTH + 1))).toThrow(PluginFailure);
    expect(() => plugin(JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)))).toThrow(PluginFailure);
    expect(() => plugin(endless)).toThrow(PluginFailure);
  });

  it('still converts when its memory of keys has run over many times', () => {
    for (let i = 0; i < 5000; i += 1) plugin({ [`key_of_${i}`]: i, ['long'.repeat(100) + i]: i });
    expect(plugin({ push_name: 1 })).toEqual({ [rename('push_name')]: 1 });
  });
});

describe('key names', () => {
  it.each([
    ['pushName', 'pushName', 'push_name'],
    ['push_name', 'pushName', 'push_name'],
    ['PushName', 'pushName', 'push_name'],
    ['push-name', 'pushName', 'push_name'],
    ['PUSH_NAME', 'pushName', 'push_name'],
    ['mergeUserId', 'mergeUserId', 'merge_user_id'],
    ['wxOpenId', 'wxOpenId', 'wx_open_id'],
    ['userID', 'userID', 'user_id'],
    ['HTTPServer', 'httpServer', 'http_server'],
    ['ID', 'id', 'id'],
    ['_id', '_id', '_id'],
    ['__typename', '__typename', '__typename'],
    ['line_1', 'line1', 'line_1'],
    ['a_b_c', 'aBC', 'a_b_c'],
    ['310000', '310000', '310000'],
    ['部门', '部门', '部门'],
    ['', '', ''],
    ['__', '__', '__'],
    ['-', '-', '-'],
  ])('%j is %j in camel case and %j in snake case', (key, camel, snake) => {
    expect([toCamelCase(key), toSnakeCase(key)]).toEqual([camel, snake]);
  });

  it('keeps the key that already has the name when two collide, else the first', () => {
    expect(commonData({ user_name: 1, userName: 2 })).toEqual({ userName: 2 });
    expect(commonData({ userName: 2, user_name: 1 })).toEqual({ userName: 2 });
    expect(commonData({ user_name: 1, UserName: 3 })).toEqual({ userName: 1 });
    expect(commonDataUnder({ userName: 2, user_name: 1 })).toEqual({ user_name: 1 });
  });

  it('never touches a value that looks like a key', () => {
    const accessToken = 'ey_Jhb.Ab_cD.x_Y';
    expect(commonDataUnder({ accessToken, roleId: ['someRole'] })).toEqual({
      access_token: accessToken,
      role_id: ['someRole'],
    });
  });

  it('drops forbidden keys, also those that a key would become', () => {
    const input: object = JSON.parse(
      '{"__proto__":{"admin":1},"list":[{"__Proto__":1,"Constructor":2,"ok_key":3}]}',
    );
    expect(JSON.stringify(commonData(input))).toBe('{"list":[{"okKey":3}]}');
    expect(JSON.stringify(commonDataUnder(input))).toBe('{"list":[{"ok_key":3}]}');
    expect(Reflect.get({}, 'admin')).toBeUndefined();
  });
});

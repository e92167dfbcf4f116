import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Validator } from '@seriousme/openapi-schema-validator';
import CryptoJS from 'crypto-js';
import { randomUUID } from 'node:crypto';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { PROJECTS, SEED_SESSION, USERS } from '../../src/demo/demo-rows.js';
import { catalogue, type ErrorCode } from '../../src/response/error/error-catalogue.js';
import { type Document, type Operation, PRODUCTION, start } from './documented-service.js';

const API = '/bo/api/v3';

/** The standard endpoints have neither tenant headers nor the envelope. */
const isTenantCall = (path: string) => path.startsWith(API) && !path.startsWith(`${API}/oauth/`);
const ENVELOPE = ['cacheDate', 'cacheType', 'code', 'data', 'error', 'message', 'success'];
/** The calls that issue tokens. */
const ISSUING = /\/(?:auth|oauth\/\{ownerId\})\/(?:token|token\/refresh|password)$/;

const TENANT_HEADERS = [
  'XownerId',
  'XverifyApi',
  'XsysId',
  'XuserFromFirstShareId',
  'XuserFromSecondShareId',
  'XfilterAreaCode',
];

describe('the OpenAPI document', () => {
  let app: NestFastifyApplication;
  let routes: string[];
  let document: Document;
  let operations: { route: string; path: string; method: string; operation: Operation }[];
  let calls: typeof operations;
  const zods = new Map<string, z.ZodType>();

  beforeAll(async () => {
    ({ app, routes } = await start());
    document = (await app.inject({ url: '/docs-json' })).json<Document>();
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        route: `${method.toUpperCase()} ${path}`,
        path,
        method,
        operation,
      })),
    );
    calls = operations.filter(({ path }) => isTenantCall(path));
  });

  afterAll(() => app.close());

  test('is valid', async () => {
    const result = await new Validator().validate(structuredClone(document) as never);
    expect(result).toEqual({ valid: true });
  });

  test('is served as YAML, too', async () => {
    const yaml = await app.inject({ url: '/docs-yaml' });
    // Not by the library that wrote it.
    expect(parseYaml(yaml.body, { maxAliasCount: -1 })).toEqual(document);
  });

  test('is written once for each language', async () => {
    const own = JSON.stringify;
    let written = 0;
    JSON.stringify = ((value: unknown, ...rest: never[]) => {
      if (typeof value === 'object' && value !== null && 'openapi' in value) written++;
      return own(value, ...rest);
    }) as typeof JSON.stringify;
    const other = await start();
    for (const url of ['/docs-json', '/docs-json?lang=zh', '/docs-json', '/docs-json?lang=zh&x=1'])
      expect((await other.app.inject({ url })).statusCode).toBe(200);
    JSON.stringify = own;
    await other.app.close();
    // English, the copy that is translated, and Chinese.
    expect(written).toBe(3);
  });

  test('counts against the rate limit of its client, as its page does', async () => {
    const { app: limited } = await start({ RATE_LIMIT_PER_MINUTE: '5' });
    const urls = [
      '/docs',
      '/docs/',
      '/docs/page.js',
      '/docs/settings.json',
      '/docs-yaml',
      '/docs-json',
      '/docs',
    ];
    const statuses = [];
    for (const url of urls) statuses.push((await limited.inject({ url })).statusCode);
    const other = await limited.inject({ url: '/docs', remoteAddress: '203.0.113.9' });
    await limited.close();
    expect(statuses).toEqual([200, 302, 200, 200, 200, 429, 429]);
    expect(other.statusCode).toBe(200);
  });

  test('holds every route of the application and no other', () => {
    const known = routes
      .filter((route) => route !== 'GET /' && !/ \/docs($|[/-])/.test(route))
      .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
    expect(operations.map(({ route }) => route).toSorted()).toEqual([...new Set(known)].toSorted());
    expect(calls.length).toBeGreaterThanOrEqual(9);
  });

  test('tells every header of every call, and none where there is no tenant', () => {
    for (const { route, path, operation } of operations) {
      const headers = operation.parameters.filter((parameter) => parameter.in === 'header');
      const names = headers.map(({ name }) => name);
      const required = headers.filter((header) => header.required).map(({ name }) => name);
      const expected = isTenantCall(path) ? TENANT_HEADERS : [];
      const takesProof = ISSUING.test(route) || (isTenantCall(path) && operation.security !== undefined);
      const further = takesProof ? ['DPoP'] : [];
      expect({ route, names }).toEqual({ route, names: [...expected, ...further] });
      expect({ route, required }).toEqual({ route, required: expected.slice(0, 2) });
      // No example could be a valid proof.
      for (const { name, schema } of headers) if (name !== 'DPoP') expect(schema).toHaveProperty('example');
    }
  });

  test('has the envelope around the data of every call', () => {
    for (const { route, operation } of calls) {
      const { schema } = success(operation)?.content?.['application/json'] ?? {};
      expect({ route, keys: Object.keys((schema?.['properties'] ?? {}) as object).toSorted() }).toEqual({
        route,
        keys: ENVELOPE,
      });
      expect({ route, required: (schema?.['required'] as string[]).toSorted() }).toEqual({
        route,
        required: ENVELOPE,
      });
    }
  });

  test('names every failure of every call by its code, under its status', () => {
    for (const { route, method, operation } of calls) {
      const codes = failuresOf(operation);
      const expected: ErrorCode[] = [
        'PROJECT_HEADER_INVALID',
        'HEADER_INVALID',
        'SYSTEM_UNKNOWN',
        'SHARE_USER_UNKNOWN',
        'AREA_UNKNOWN',
        'PROJECT_UNKNOWN',
        'VERIFY_API_REFUSED',
        'RATE_LIMITED',
        'INTERNAL',
        'UNAVAILABLE',
      ];
      if (method !== 'get') expected.push('BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED');
      if (operation.security !== undefined)
        expected.push('ACCESS_TOKEN_REFUSED', 'SYSTEM_FORBIDDEN', 'AREA_FORBIDDEN');
      if (operation.parameters.some(({ name }) => name === '_nodejs'))
        expected.push('PLUGIN_UNKNOWN', 'PLUGIN_FAILED');
      expect({ route, missing: expected.filter((code) => !codes.includes(code)) }).toEqual({
        route,
        missing: [],
      });
    }
  });

  test('has an example of each failure, in the envelope and as problem details', () => {
    for (const [code, { status, code: number, text }] of Object.entries(catalogue)) {
      const example = document.components.examples[code] as { summary: string; value: unknown };
      expect(example.summary).toBe(`${code}: ${text}`);
      expect(example.value).toMatchObject({ success: false, code: number, error: { errorCode: code } });
      expect(document.components.examples[`problem.${code}`]?.value).toMatchObject({
        status,
        errorCode: code,
      });
    }
  });

  test('has examples that its own schemas accept', () => {
    let examples = 0;
    for (const { route, operation } of calls) {
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        for (const media of Object.values(content)) {
          const schema = zodOf(media.schema);
          for (const [name, example] of Object.entries(media.examples)) {
            const { value } = resolve<{ value: unknown }>(example);
            expect({ route, status, name, issues: schema.safeParse(value).error?.issues }).toEqual({
              route,
              status,
              name,
              issues: undefined,
            });
            examples++;
          }
        }
      }
    }
    expect(examples).toBeGreaterThan(100);
  });

  test('names the plugins that were found, and shows the two built-in ones', () => {
    const rewritten = calls.filter(({ operation }) =>
      operation.parameters.some(({ name }) => name === '_nodejs'),
    );
    expect(rewritten.map(({ operation }) => operation.operationId).toSorted()).toEqual([
      'changePassword',
      'login',
      'refresh',
      'refreshByPost',
    ]);
    for (const { operation } of rewritten) {
      const parameter = operation.parameters.find(({ name }) => name === '_nodejs');
      expect(parameter?.schema).toMatchObject({ enum: ['common-data', 'common-data-under', 'upper-user'] });
      const examples = operation.responses['200']?.content?.['application/json']?.examples ?? {};
      expect(examples['common-data']?.value).toHaveProperty('data.tokenUser.pushName', '开发管理员');
      expect(examples['common-data-under']?.value).toHaveProperty('data.token_user.push_name', '开发管理员');
    }
  });

  test('describes every operation, parameter, body and field', () => {
    const silent: string[] = [];
    const check = (where: string, text: unknown) => {
      if (typeof text !== 'string' || !/[a-z]{2}/.test(text)) silent.push(where);
    };
    for (const { route, operation } of operations) check(route, operation.summary);
    for (const { route, operation } of calls) {
      check(`${route} description`, operation.description);
      for (const parameter of operation.parameters)
        check(`${route} ${parameter.name}`, parameter.description);
      for (const { schema } of Object.values(operation.requestBody?.content ?? {}))
        checkFields(`${route} body`, schema);
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) checkFields(name, schema);
    expect(silent).toEqual([]);

    function checkFields(where: string, schema: object): void {
      const { properties = {} } = schema as { properties?: Record<string, Record<string, unknown>> };
      for (const [name, property] of Object.entries(properties)) {
        if (property['$ref'] !== undefined || property['properties'] !== undefined) continue;
        const isNull = JSON.stringify(property['enum']) === '[null]';
        if (!isNull) check(`${where}.${name}`, property['description']);
      }
    }
  });

  test('marks the documented GET as deprecated, and says why', () => {
    const operation = document.paths[`${API}/auth/token/refresh`]?.['get'];
    expect(operation?.deprecated).toBe(true);
    expect(operation?.description).toContain('credential in the URL');
    expect(calls.filter(({ operation: { deprecated } }) => deprecated === true)).toHaveLength(1);
  });

  test('tells the truth: real answers fit its schemas, real failures are among its own', async () => {
    const login = await ask('POST', '/auth/token', { userName: 'bob', password: 'bob-password' });
    const { refreshToken, accessToken } = login['data'] as Record<string, string>;
    await ask('POST', '/auth/token?_nodejs=common-data-under', { userName: 'bob', password: 'bob-password' });
    await ask('POST', '/auth/token', { userName: 'bob', password: 'wrong' });
    await ask('POST', '/auth/token', { userName: 'bob' });
    await ask('POST', '/auth/token?_nodejs=none', { userName: 'bob', password: 'bob-password' });
    await ask('GET', `/auth/token/refresh?refreshToken=${'x'.repeat(32)}`);
    await ask('GET', '/auth/token/refresh');
    const refreshed = await ask('POST', '/auth/token/refresh', { refreshToken });
    await ask('POST', '/auth/token/introspect', { token: accessToken });
    await ask('POST', '/auth/token/introspect', {
      token: (refreshed['data'] as Record<string, string>)['refreshToken'],
    });
    await ask('POST', '/auth/token/introspect', { token: 'nothing' });
    for (const bearer of [accessToken, 'nothing']) {
      await ask('GET', '/auth/user', undefined, { Authorization: `Bearer ${bearer}` });
      await ask('GET', '/auth/sessions', undefined, { Authorization: `Bearer ${bearer}` });
      await ask('DELETE', '/auth/sessions?scope=others', undefined, { Authorization: `Bearer ${bearer}` });
      await ask('DELETE', '/auth/sessions?scope=none', undefined, { Authorization: `Bearer ${bearer}` });
      await ask('DELETE', '/auth/sessions/0', undefined, { Authorization: `Bearer ${bearer}` });
      await ask('DELETE', `/auth/sessions/${'0'.repeat(200)}`, undefined, {
        Authorization: `Bearer ${bearer}`,
      });
    }
    await ask('POST', '/auth/token/revoke', { refreshToken });
    await ask('POST', '/auth/token', undefined, { XownerId: '' });
    await ask('POST', '/auth/token', undefined, { XownerId: 'nobody' });
    await ask('POST', '/auth/token', undefined, { XverifyApi: 'nothing' });
    await ask('POST', '/auth/token', undefined, { XsysId: 'nothing' });
    await ask('POST', '/auth/token', undefined, { XfilterAreaCode: 'nothing' });
    await ask('POST', '/auth/token', undefined, { XuserFromFirstShareId: 'nobody' });
    await ask('POST', '/auth/token', 'text', { 'Content-Type': 'text/plain' });
    await ask('POST', '/auth/token', '{', { 'Content-Type': 'application/json' });
    await ask('DELETE', '/auth/sessions?scope=all', 'text', { 'Content-Type': 'text/plain' });
    await ask(
      'POST',
      '/auth/token',
      { userName: 'alice', password: 'alice-password' },
      { XsysId: 'erp', XfilterAreaCode: '110000' },
    );
  });

  async function ask(
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    payload?: object | string,
    headers: Record<string, string> = {},
  ): Promise<Record<string, unknown>> {
    const key = CryptoJS.enc.Utf8.parse('acme-key');
    const verify = CryptoJS.DES.encrypt(randomUUID(), key, { mode: CryptoJS.mode.ECB }).toString();
    const answer = await app.inject({
      method,
      url: API + url,
      headers: { XownerId: 'acme', XverifyApi: verify, ...headers },
      ...(payload !== undefined && { payload }),
    });
    const path = (API + url.split('?', 1)[0]).replace(/sessions\/.+/, 'sessions/{sessionId}');
    const operation = document.paths[path]?.[method.toLowerCase()] as Operation;
    const media = operation.responses[String(answer.statusCode)]?.content?.['application/json'];
    const body = answer.json<Record<string, unknown>>();
    expect({ method, url, code: body['error'], documented: media !== undefined }).toMatchObject({
      documented: true,
    });
    const { errorCode } = body['error'] as { errorCode: string | null };
    if (errorCode !== null)
      expect({ method, url, codes: Object.keys(media?.examples ?? {}) }).toMatchObject({
        codes: expect.arrayContaining([errorCode]) as unknown,
      });
    const { error } = zodOf(media?.schema ?? {}).safeParse(body);
    expect({ method, url, issues: error?.issues }).toEqual({ method, url, issues: undefined });
    return body;
  }

  function success({ responses }: Operation) {
    return responses['200'] ?? responses['201'];
  }

  function failuresOf(operation: Operation): ErrorCode[] {
    return Object.entries(operation.responses).flatMap(([status, { content = {} }]) => {
      if (status === '200' || status === '201') return [];
      const codes = Object.keys(content['application/json']?.examples ?? {}) as ErrorCode[];
      expect(Object.keys(content['application/problem+json']?.examples ?? {})).toEqual(codes);
      for (const code of codes) expect(String(catalogue[code].status)).toBe(status);
      return codes;
    });
  }

  function resolve<T>(node: { $ref?: string }): T {
    if (node.$ref === undefined) return node as T;
    const [, , kind, name] = node.$ref.split('/') as ['#', 'components', 'schemas' | 'examples', string];
    const found = document.components[kind][name];
    if (found === undefined) throw new Error(`there is no ${node.$ref}`);
    return found as T;
  }

  /** Our schemas never refer to themselves, so they can be written out. Most calls share those of failures. */
  function zodOf(schema: object): z.ZodType {
    const key = JSON.stringify(schema);
    const known =
      zods.get(key) ?? z.fromJSONSchema(writtenOut(schema) as never, { defaultTarget: 'openapi-3.0' });
    zods.set(key, known);
    return known;
  }

  function writtenOut(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(writtenOut);
    if (typeof node !== 'object' || node === null) return node;
    if ('$ref' in node) return writtenOut(resolve(node as { $ref: string }));
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, writtenOut(value)]));
  }
});

describe('in production', () => {
  test('the documentation is there when it is asked for, and knows no secret of the demo data', async () => {
    const { app, routes } = await start(PRODUCTION);
    const served = await Promise.all(
      routes
        .filter((route) => route.startsWith('GET /docs'))
        .map(async (route) => (await app.inject({ url: route.slice(4) })).body),
    );
    await app.close();
    expect(served.length).toBeGreaterThan(8);
    const secrets = [
      ...PROJECTS.map(({ verifyKey }) => verifyKey),
      ...USERS.map(({ password }) => password),
      SEED_SESSION.refreshToken,
    ];
    for (const secret of secrets) expect(served.filter((text) => text.includes(secret))).toEqual([]);
  });

  test('else there is none', async () => {
    const { app } = await start({ ...PRODUCTION, SWAGGER_ENABLED: '' });
    for (const url of ['/docs', '/docs-json', '/docs-yaml', '/docs/page.js', '/docs/settings.json']) {
      const answer = await app.inject({ url });
      expect([url, answer.statusCode]).toEqual([url, 404]);
    }
    await app.close();
  });
});

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Validator } from '@seriousme/openapi-schema-validator';
import { CHINESE_TEXTS } from '../../src/docs/chinese-document.js';
import { documentTexts } from '../../src/docs/document-text.js';
import { type Document, start } from './documented-service.js';

const CHINESE = /[\u4E00-\u9FFF]/;

/** Every summary and description, by its place. */
function textsIn(node: unknown, place = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries((node ?? {}) as object)) {
    if (isText(key, value)) texts.set(`${place}/${key}`, value);
    else if (typeof value === 'object' && key !== 'example' && key !== 'value')
      for (const [where, text] of textsIn(value, `${place}/${key}`)) texts.set(where, text);
  }
  return texts;
}

const withoutTexts = (document: unknown) =>
  JSON.parse(JSON.stringify(document, (key, value: unknown) => (isText(key, value) ? '' : value))) as unknown;

const isText = (key: string, value: unknown): value is string =>
  (key === 'summary' || key === 'description') && typeof value === 'string';

describe('the OpenAPI document', () => {
  let app: NestFastifyApplication;
  let document: Document;

  beforeAll(async () => {
    ({ app } = await start());
    document = (await app.inject({ url: '/docs-json' })).json<Document>();
  });
  afterAll(() => app.close());

  test('has each text in one language: English, or Chinese with ?lang=zh', async () => {
    const chinese = (await app.inject({ url: '/docs-json?lang=zh' })).json<Document>();
    const inEnglish = textsIn(document);
    const inChinese = textsIn(chinese);
    expect([...inChinese.keys()]).toEqual([...inEnglish.keys()]);
    expect(inEnglish.size).toBeGreaterThan(1000);
    expect([...inEnglish].filter(([, text]) => CHINESE.test(text))).toEqual([]);
    expect([...inChinese].filter(([, text]) => !CHINESE.test(text) && !isNameless(text))).toEqual([]);
    expect((await app.inject({ url: '/docs-json?lang=fr' })).json()).toEqual(document);
    expect((await app.inject({ url: '/docs-yaml?lang=zh' })).body).toContain('登录');

    /** HTTP's own names with error codes, or a demo user, who is called the same in every language. */
    function isNameless(text: string): boolean {
      return / · `[A-Za-z_]+`$/.test(text) || /^\w+ \(XownerId: \w+\)$/.test(text);
    }
  });

  test('differs between the languages in texts alone', async () => {
    const chinese = (await app.inject({ url: '/docs-json?lang=zh' })).json<Document>();
    for (const each of [document, chinese])
      expect(await new Validator().validate(structuredClone(each) as never)).toEqual({ valid: true });
    expect(withoutTexts(chinese)).toEqual(withoutTexts(document));
  });

  test('has one Chinese text for each English text, and none without one', () => {
    const keys = CHINESE_TEXTS.flatMap((texts) => Object.keys(texts));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    const known = new Set(keys);
    const english = new Map<string, Set<string>>();
    for (const text of documentTexts(document as unknown as OpenAPIObject)) {
      const key = text.keys.find((each) => known.has(each)) ?? `none of ${text.keys.join(', ')}`;
      english.set(key, (english.get(key) ?? new Set()).add(text.text));
    }
    expect([...english.keys()].filter((key) => !known.has(key))).toEqual([]);
    expect(keys.filter((key) => !english.has(key))).toEqual([]);
    // A key that two different texts share needs a more specific one for each of them.
    expect([...english].filter(([, texts]) => texts.size > 1)).toEqual([]);
  });
});

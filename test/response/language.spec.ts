import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { catalogue } from '../../src/response/error/error-catalogue.js';
import { chineseText } from '../../src/response/error/error-text-zh.js';
import { preciseTextZh } from '../../src/response/error/precise-text-zh.js';
import { type Call, call, login, refresh, startApp, type TestApp } from '../support/app.js';

const CHINESE = /[\u4e00-\u9fff]/;
const EXPIRED = catalogue.REFRESH_TOKEN_EXPIRED.text;
const EXPIRED_ZH = chineseText.REFRESH_TOKEN_EXPIRED;

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
});
afterAll(() => test.close());

const speak = async (language: string) => {
  await test.sql(`UPDATE bo_project SET language = $1 WHERE owner_id = 'acme'`, language);
  test.clock.advance(STALENESS_MS + 1);
};

describe('the language of an error', () => {
  const said = async (acceptLanguage: string | null, request: Partial<Call> = {}) => {
    const headers = acceptLanguage === null ? {} : { 'accept-language': acceptLanguage };
    const url = `/auth/token/refresh?refreshToken=${'a'.repeat(32)}`;
    return call(test, { ...{ url, headers }, ...request });
  };
  afterAll(() => speak('en'));

  it.each([
    ['en', null, 'en'],
    ['en', '', 'en'],
    ['en', '*', 'en'],
    ['en', 'zh', 'zh'],
    ['en', 'zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['en', 'zh-Hant-TW', 'zh'],
    ['en', 'ZH-cn', 'zh'],
    ['en', 'en-US,en;q=0.9,zh-CN;q=0.8', 'en'],
    ['en', 'en;q=0.5, zh;q=0.6', 'zh'],
    ['en', 'zh;q=0', 'en'],
    ['en', 'fr', 'en'],
    ['en', 'fr, zh;q=0.1', 'zh'],
    ['en', ';;;,=,q', 'en'],
    ['en', 'x,'.repeat(2_000), 'en'],
    ['zh', null, 'zh'],
    ['zh', '*', 'zh'],
    ['zh', 'fr', 'zh'],
    ['zh', 'en-GB', 'en'],
    ['zh', 'zh, en', 'zh'],
  ])('of a project in %s for %j is %s', async (project, acceptLanguage, language) => {
    await speak(project);
    const { status, body, headers } = await said(acceptLanguage);
    const text = language === 'zh' ? EXPIRED_ZH : EXPIRED;
    expect({ status, ...body.error, message: body.message }).toEqual({
      status: 401,
      errorCode: 'REFRESH_TOKEN_EXPIRED',
      errorText: text,
      message: text,
    });
    expect(headers['vary']).toContain('Accept-Language');
  });

  it('is the same for what the framework refuses, in the envelope and as problem details', async () => {
    await speak('en');
    const json = { 'content-type': 'application/json', 'accept-language': 'zh' };
    for (const request of [
      { url: '/nil' },
      { url: '/auth/%zz' },
      { method: 'PUT', url: '/auth/token' },
      { method: 'POST', url: '/auth/token', payload: '{', headers: json },
      { method: 'POST', url: '/auth/token', payload: `"${'x'.repeat(70_000)}"`, headers: json },
      {
        method: 'POST',
        url: '/auth/token',
        payload: '<x/>',
        headers: { ...json, 'content-type': 'text/xml' },
      },
    ] as const) {
      const { body } = await said('zh', request);
      expect(body.message).toBe(chineseText[body.error.errorCode!]);
    }
    const headers = { accept: 'application/problem+json', 'accept-language': 'zh' };
    expect(JSON.parse((await said('zh', { headers })).text)).toMatchObject({ title: EXPIRED_ZH });
  });

  it('is Chinese for what is more precise than the catalogue, too', async () => {
    const { body } = await said('zh', { url: '/auth/token/refresh' });
    expect(body.message).toBe('refreshToken 必须且只能提供一次，为 1 至 4096 个字符');
  });

  it('changes nothing of a success', async () => {
    await speak('zh');
    const { refreshToken } = await login(test);
    const answer = await refresh(test, refreshToken, { headers: { 'accept-language': 'zh' } });
    expect(answer.body).toMatchObject({ success: true, message: '' });
    expect(answer.headers['vary'] ?? '').not.toContain('Accept-Language');
  });
});

describe('the Chinese texts', () => {
  it('has one for each entry of the catalogue', () => {
    expect(Object.keys(chineseText).toSorted()).toEqual(Object.keys(catalogue).toSorted());
    for (const text of Object.values(chineseText)) expect(text).toMatch(CHINESE);
  });

  /** Texts in the source that reach callers in place of the catalogue's, with 7 for what varies. */
  async function preciseTexts(): Promise<string[]> {
    const files = await Promise.all(
      ['admin', 'auth', 'response', 'tenancy/verification'].map(async (folder) =>
        (await readdir(join('src', folder), { recursive: true })).map((name) => join('src', folder, name)),
      ),
    );
    const source = files
      .flat()
      .filter((name) => name.endsWith('.ts') && !/-text-zh|error-catalogue|-api\.ts|field-text/.test(name))
      .map((name) => readFileSync(name, 'utf8'))
      .join('\n');
    const rules =
      /(['`])((?:must |is not |costs too |looks like |can be guessed)[^'`]+|Not before [^'`]+)\1/g;
    const sentences = /(?:\btext: |conflict\(|push\(|\[)(['`])((?:The|This) [^'`]+\.|\w+ must not [^'`]+)\1/g;
    const reasons = [...source.matchAll(/tooEarly\([\w.]+, '([^']+)'\)/g)].map(
      ([, why]) => `Not before 7: ${why}.`,
    );
    return [...source.matchAll(rules), ...source.matchAll(sentences)]
      .map(([, , text = '']) => text.replaceAll(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '7'))
      .filter((text) => text !== 'Not before 7: 7.')
      .concat(reasons);
  }

  it('has one for each text that is more precise than the catalogue', async () => {
    const texts = await preciseTexts();
    expect(texts.length).toBeGreaterThan(50);
    expect(texts.filter((text) => preciseTextZh(text, undefined) === null)).toEqual([]);
    for (const text of texts) expect(preciseTextZh(`name ${text}`, 'name')).toMatch(CHINESE);
  });

  it('keeps what varies, and several sentences', () => {
    expect(
      preciseTextZh('verifyKey must be 1 to 256 characters without control characters', 'verifyKey'),
    ).toBe('verifyKey 必须为 1 至 256 个字符，且不含控制字符');
    const two =
      'The verification key has 7 bytes, not 8. The time zone is not a name of the IANA time zone database.';
    expect(preciseTextZh(two, undefined)).toBe(
      'XverifyApi 密钥 为 7 字节，应为 8 字节。时区不是 IANA 时区数据库中的名称。',
    );
    expect(preciseTextZh('nobody wrote this', undefined)).toBeNull();
  });
});

import type { OpenAPIObject } from '@nestjs/swagger';
import { ADMIN_TEXT_ZH } from '../admin/admin-text-zh.js';
import { AUTH_TEXT_ZH } from '../auth/auth-text-zh.js';
import { HEALTH_TEXT_ZH } from '../health/health-text-zh.js';
import { METRICS_TEXT_ZH } from '../metrics/metrics-text-zh.js';
import { chineseText } from '../response/error/error-text-zh.js';
import { OAUTH_TEXT_ZH } from '../oauth/oauth-text-zh.js';
import { RESPONSE_TEXT_ZH } from '../response/response-text-zh.js';
import { TENANCY_TEXT_ZH } from '../tenancy/tenancy-text-zh.js';
import { DOCS_TEXT_ZH } from './docs-text-zh.js';
import { documentTexts } from './document-text.js';

/** The Chinese texts of every folder, by the keys of {@link documentTexts}. */
export const CHINESE_TEXTS: readonly Readonly<Record<string, string>>[] = [
  RESPONSE_TEXT_ZH,
  TENANCY_TEXT_ZH,
  AUTH_TEXT_ZH,
  OAUTH_TEXT_ZH,
  ADMIN_TEXT_ZH,
  HEALTH_TEXT_ZH,
  METRICS_TEXT_ZH,
  DOCS_TEXT_ZH,
  Object.fromEntries(
    Object.entries(chineseText).map(([code, text]) => [`error.${code}`, `${code}：${text}`]),
  ),
];

const chinese = new Map(CHINESE_TEXTS.flatMap((texts) => Object.entries(texts)));

/** The same document in Chinese. A text without a translation stays English. */
export function chineseDocument(english: OpenAPIObject): OpenAPIObject {
  const document = JSON.parse(JSON.stringify(english)) as OpenAPIObject;
  for (const { keys, replace } of documentTexts(document)) {
    const key = keys.find((each) => chinese.has(each));
    if (key !== undefined) replace(chinese.get(key) ?? '');
  }
  return document;
}

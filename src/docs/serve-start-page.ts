import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import type { Config } from '../config/config.js';
import { PROJECTS, SEED_SESSION, USERS } from '../demo/demo-rows.js';
import { namesLoopback } from '../network/loopback-host.js';
import { errors } from '../response/error/error-catalogue.js';
import { RateLimitGuard } from '../tenancy/rate-limit/rate-limit.guard.js';

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; border-bottom: 1px solid #8886; }
  code { overflow-wrap: anywhere; }`;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TEXTS = {
  en: {
    is: 'This is the bo-auth token service, in development: all keys and passwords below are published.',
    docs: 'Try every call in the browser',
    noDocs: 'The documentation page is off (SWAGGER_ENABLED).',
    headings: ['Project', 'User', 'Password', 'Key of XverifyApi'],
    token: `Project <code>${SEED_SESSION.ownerId}</code> also has this refresh token, which stays the same:`,
    restore:
      'Signing out, or “sign out elsewhere” in another session, ends it. It works again after <code>npx bo-auth demo restore</code> or a restart.',
  },
  zh: {
    is: '这是 bo-auth 令牌服务，当前为开发环境：下列密钥和密码均已公开。',
    docs: '在浏览器中试用全部接口',
    noDocs: '接口文档页面已关闭（SWAGGER_ENABLED）。',
    headings: ['项目', '用户', '密码', 'XverifyApi 密钥'],
    token: `项目 <code>${SEED_SESSION.ownerId}</code> 另有一个固定不变的刷新令牌：`,
    restore:
      '注销该会话，或在其他会话中“注销其他设备”后，它即失效。运行 <code>npx bo-auth demo restore</code> 或重启服务即可恢复。',
  },
} as const;

/**
 * Answers `GET /` in development by a page that names the demo accounts and links to the documentation, under loopback
 * hosts only. Otherwise, and in production, the path does not exist.
 */
export function serveStartPage(app: NestFastifyApplication, { swaggerEnabled }: Config): void {
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  const rateLimit = app.get(RateLimitGuard);
  const options = { onRequest: async (request: FastifyRequest) => void (await rateLimit.countRaw(request)) };
  const pages = { en: page('en', swaggerEnabled), zh: page('zh', swaggerEnabled) };
  fastify.get('/', options, (request, reply) => {
    if (!namesLoopback(request))
      throw errors.ROUTE_UNKNOWN({ detail: 'the start page is only for loopback hosts' });
    const language = /^zh\b/i.test(request.headers['accept-language'] ?? '') ? 'zh' : 'en';
    return reply
      .headers({ 'content-security-policy': CONTENT_SECURITY_POLICY, vary: 'accept-language' })
      .type('text/html; charset=utf-8')
      .send(pages[language]);
  });
}

function page(language: keyof typeof TEXTS, hasDocs: boolean): string {
  const { is, docs, noDocs, headings, token, restore } = TEXTS[language];
  const rows = USERS.map(({ ownerId, userName, password }) => {
    const key = PROJECTS.find((project) => project.ownerId === ownerId)?.verifyKey ?? '';
    const cells = [ownerId, userName, password, key].map((text) => `<td><code>${text}</code></td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bo-auth</title>
<style>${STYLE}</style>
</head>
<body>
<h1>bo-auth</h1>
<p>${is}</p>
<p>${hasDocs ? `<a href="docs">${docs}</a>` : noDocs}</p>
<table>
<tr>${headings.map((text) => `<th>${text}</th>`).join('')}</tr>
${rows.join('\n')}
</table>
<p>${token} <code>${SEED_SESSION.refreshToken}</code></p>
<p>${restore}</p>
</body>
</html>
`;
}

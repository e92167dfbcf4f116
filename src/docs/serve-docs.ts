import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, DEVELOPMENT_OPERATOR_TOKEN, hasDevelopmentOperator } from '../config/config.js';
import { namesLoopback } from '../network/loopback-host.js';
import { errors } from '../response/error/error-catalogue.js';
import { RateLimitGuard } from '../tenancy/rate-limit/rate-limit.guard.js';
import { addDemoValues, demoProjects } from './demo-values.js';
import { openApiDocument } from './openapi-document.js';
import { type Format, SerialisedDocument } from './serialised-document.js';

const { resolve } = createRequire(import.meta.url);
const PAGE = fileURLToPath(new URL('page', import.meta.url));
const SWAGGER_UI = dirname(resolve('swagger-ui-dist/package.json'));
const CRYPTO_JS = dirname(resolve('crypto-js/package.json'));

/** The files of the page, by name. No other file of these folders is served. */
const FILES: Readonly<Record<string, string>> = {
  'page.css': PAGE,
  'page.js': PAGE,
  'language.js': PAGE,
  'look.js': PAGE,
  'theme.js': PAGE,
  'call.js': PAGE,
  'fields.js': PAGE,
  'sandbox.js': PAGE,
  'this-page.js': PAGE,
  'verify-api.js': PAGE,
  'swagger-ui.css': SWAGGER_UI,
  'swagger-ui-bundle.js': SWAGGER_UI,
  'favicon-32x32.png': SWAGGER_UI,
  'crypto-js.js': CRYPTO_JS,
};

const TYPES: Readonly<Record<Format, string>> = { json: 'application/json', yaml: 'text/yaml' };

/** Swagger UI needs `data:` images for its icons, and inline styles. Everything else is limited to this server. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves the OpenAPI document (`/docs-json`, `/docs-yaml`; in Chinese with `?lang=zh`) and the page to try it out
 * (`/docs`), without the API's prefix and envelope.
 *
 * In development the page knows the demo projects with their keys, and the operator's default token, if it was opened
 * under a loopback host. Otherwise, and in production, it knows nothing: users enter the key of their project, which
 * stays in the browser.
 *
 * All of it counts against the rate limit of the client's address.
 */
export async function serveDocs(app: NestFastifyApplication, config: Config): Promise<void> {
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  const rateLimit = app.get(RateLimitGuard);
  const options = { onRequest: async (request: FastifyRequest) => void (await rateLimit.countRaw(request)) };
  const isDevelopment = config.environment === 'development';

  const document = new SerialisedDocument(async () => {
    const built = await openApiDocument(app);
    if (isDevelopment) addDemoValues(built);
    return built;
  });
  for (const [format, type] of Object.entries(TYPES) as [Format, string][])
    fastify.get<{ Querystring: { lang?: unknown } }>(`/docs-${format}`, options, async ({ query }, reply) =>
      reply.type(type).send(await document.text(format, query.lang === 'zh' ? 'zh' : 'en')),
    );

  await fastify.register(fastifyStatic, { root: PAGE, serve: false });
  fastify.get('/docs', options, (_request, reply) =>
    reply.header('content-security-policy', CONTENT_SECURITY_POLICY).sendFile('index.html', PAGE),
  );
  fastify.get('/docs/', options, (_request, reply) => reply.redirect('../docs'));
  const settings = {
    projects: isDevelopment ? demoProjects() : [],
    operatorToken: isDevelopment && hasDevelopmentOperator(config) ? DEVELOPMENT_OPERATOR_TOKEN : null,
  };
  fastify.get('/docs/settings.json', options, (request, reply) => {
    if (isDevelopment && !namesLoopback(request))
      throw errors.ROUTE_UNKNOWN({ detail: 'the demo keys are only for loopback hosts' });
    return reply.send(settings);
  });
  for (const [name, folder] of Object.entries(FILES))
    fastify.get(`/docs/${name}`, options, (_request, reply) => reply.sendFile(name, folder));
}

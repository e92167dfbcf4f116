import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, DEVELOPMENT_OPERATOR_TOKEN, hasDevelopmentOperator } from '../config/config.js';
import { addDemoValues, demoProjects } from './demo-values.js';
import { openApiDocument } from './openapi-document.js';

const { resolve } = createRequire(import.meta.url);
const PAGE = fileURLToPath(new URL('page', import.meta.url));
const SWAGGER_UI = dirname(resolve('swagger-ui-dist/package.json'));
const CRYPTO_JS = dirname(resolve('crypto-js/package.json'));

/** Every file that the page is made of, each by its name: nothing else of a folder is served. */
const FILES: Readonly<Record<string, string>> = {
  'page.css': PAGE,
  'page.js': PAGE,
  'call.js': PAGE,
  'sandbox.js': PAGE,
  'verify-api.js': PAGE,
  'swagger-ui.css': SWAGGER_UI,
  'swagger-ui-bundle.js': SWAGGER_UI,
  'favicon-32x32.png': SWAGGER_UI,
  'crypto-js.js': CRYPTO_JS,
};

/**
 * The page runs our scripts alone, talks to this server alone, and cannot be framed. Swagger UI draws its icons
 * from data: URLs and styles some elements in place.
 */
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
 * Serves the OpenAPI document (`/docs-json`, `/docs-yaml`) and the page that tries it out (`/docs`), outside the
 * API's prefix and envelope. To be called before the application is initialised.
 *
 * In development the page knows the demo projects, with their keys, and the operator's default token; in production it is told nothing, and who
 * uses it enters the key of his project, which stays in the browser.
 */
export async function serveDocs(app: NestFastifyApplication, config: Config): Promise<void> {
  const isDevelopment = config.environment === 'development';
  // Made when it is first asked for: by then the operator's plugins have been read.
  const document = () => {
    const made = openApiDocument(app);
    if (isDevelopment) addDemoValues(made);
    return made;
  };
  SwaggerModule.setup('docs', app, document, { ui: false, raw: true });

  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  await fastify.register(fastifyStatic, { root: PAGE, serve: false });
  fastify.get('/docs', (_request, reply) =>
    reply.header('content-security-policy', CONTENT_SECURITY_POLICY).sendFile('index.html', PAGE),
  );
  fastify.get('/docs/', (_request, reply) => reply.redirect('../docs'));
  const settings = {
    projects: isDevelopment ? demoProjects() : [],
    operatorToken: isDevelopment && hasDevelopmentOperator(config) ? DEVELOPMENT_OPERATOR_TOKEN : null,
  };
  fastify.get('/docs/settings.json', (_request, reply) => reply.send(settings));
  for (const [name, folder] of Object.entries(FILES))
    fastify.get(`/docs/${name}`, (_request, reply) => reply.sendFile(name, folder));
}

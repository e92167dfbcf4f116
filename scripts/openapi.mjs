// Writes openapi.json: what GET /docs-json of a production service without plugins of its own answers.
// It starts the built service on a temporary database and no port: npm run openapi
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../dist/config/config.js';
import { createApp } from '../dist/create-app.js';

const config = loadConfig({
  NODE_ENV: 'production',
  SWAGGER_ENABLED: 'true',
  DATABASE_URL: 'sqlite::memory:',
  PLUGINS_DIR: 'none',
  LOG_LEVEL: 'fatal',
  JWT_SECRET: 'signs-no-token-0123456789abcdef0123456789',
  TOKEN_PEPPER: 'mints-no-token-0123456789abcdef0123456789',
});
const app = await createApp(config);
const document = (await app.inject({ url: '/docs-json' })).json();
await app.close();
writeFileSync(path.join(import.meta.dirname, '..', 'openapi.json'), `${JSON.stringify(document, null, 2)}\n`);

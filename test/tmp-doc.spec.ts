import { writeFileSync } from 'node:fs';
import { loadConfig } from '../src/config/config.js';
import { createApp } from '../src/create-app.js';
import { openApiDocument } from '../src/docs/openapi-document.js';
import { Validator } from '@seriousme/openapi-schema-validator';
test('x', async () => {
  const app = await createApp(loadConfig({ DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'error', PLUGINS_DIR: '/nonexistent' }));
  const doc = openApiDocument(app);
  writeFileSync('/tmp/doc.json', JSON.stringify(doc, null, 1));
  const v = await new Validator().validate(structuredClone(doc) as never);
  console.log(JSON.stringify(v).slice(0, 3000));
  await app.close();
});

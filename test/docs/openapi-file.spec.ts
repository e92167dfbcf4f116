import { readFileSync } from 'node:fs';
import { startApp } from '../support/app.js';

/** The first line in which the two differ, or `null`. */
function difference(written: string, served: string): string | null {
  if (written === served) return null;
  const lines = written.split('\n');
  const at = served.split('\n').findIndex((line, index) => line !== lines[index]);
  return `openapi.json is out of date from line ${at + 1}: run npm run openapi, and commit the file`;
}

test('openapi.json is what a production service serves', async () => {
  const service = await startApp({
    NODE_ENV: 'production',
    SWAGGER_ENABLED: 'true',
    JWT_SECRET: 'a-secret-of-this-test-alone-0123456789',
    TOKEN_PEPPER: 'a-pepper-of-this-test-alone-0123456789',
  });
  const document = (await service.app.inject({ url: '/docs-json' })).json<object>();
  await service.close();
  const served = `${JSON.stringify(document, null, 2)}\n`;
  expect(difference(readFileSync('openapi.json', 'utf8'), served)).toBeNull();
});

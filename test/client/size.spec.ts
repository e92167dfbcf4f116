import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The limits stand in packages/client/package.json, where `npx size-limit` reads them, too. */
test('the client is small', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['../../node_modules/size-limit/bin.js', '--json'],
    { cwd: 'packages/client' },
  ).catch((error: { stdout: string }) => error);
  const parts = JSON.parse(stdout) as { name: string; size: number; sizeLimit: number }[];
  expect(parts).toHaveLength(5);
  expect(parts.filter(({ size, sizeLimit }) => size > sizeLimit || size === 0)).toEqual([]);
});

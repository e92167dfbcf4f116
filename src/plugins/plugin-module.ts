import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction } from 'node:vm';

/** The parameters of Node.js's CommonJS module wrapper, in order. */
const COMMONJS_NAMES = ['exports', 'require', 'module', '__filename', '__dirname'];

/**
 * Runs a plugin file and returns its default export, of any type: `export default` of an ES module, or
 * `module.exports` (or a transpiler's `exports.default`) of a CommonJS module.
 *
 * A file that compiles as CommonJS is CommonJS, which is how Node.js treats a file outside any package. Node.js's
 * rule for packages would depend on the nearest `package.json`, and ours (`"type": "module"`) rules out
 * `module.exports`.
 *
 * Limit: CommonJS code compiled this way has `require()`, even of ES modules, but no `import()`.
 *
 * @param file the real path of the file
 * @throws any error from reading, compiling or running the file
 */
export async function defaultExportOf(file: string): Promise<unknown> {
  const run = compileCommonJs(await readFile(file, 'utf8'), file);
  if (run === null) {
    const namespace: { readonly default?: unknown } = await import(pathToFileURL(file).href);
    return namespace.default;
  }
  const module: { exports: unknown } = { exports: {} };
  run.call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
  const exported = module.exports;
  return typeof exported === 'object' && exported !== null && 'default' in exported
    ? exported.default
    : exported;
}

/** Returns null if the text does not compile: it is an ES module or invalid, and importing it will tell which. */
function compileCommonJs(text: string, filename: string): ReturnType<typeof compileFunction> | null {
  try {
    return compileFunction(text.replace(/^\uFEFF/, ''), COMMONJS_NAMES, { filename });
  } catch {
    return null;
  }
}

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction } from 'node:vm';

/** The names that Node gives every CommonJS module, in its order. */
const COMMONJS_NAMES = ['exports', 'require', 'module', '__filename', '__dirname'];

/**
 * Runs a plugin file and returns its default export, whatever it is: `export default` of an ES module, or
 * `module.exports` (or a transpiler's `exports.default`) of a CommonJS one.
 *
 * Which of the two it is, is told by the text, as Node does for a file outside any package: what compiles as
 * CommonJS is CommonJS. By Node's own rule the same file would work or not depending on the `package.json`
 * above it, and one in this package (`"type": "module"`) could not say `module.exports`.
 *
 * The one limit: CommonJS text compiled this way has `require()`, also of ES modules, but no `import()`.
 *
 * @param file the real path of the file
 * @throws whatever reading, compiling or running it throws
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

/** Null when it does not compile: an ES module, or no JavaScript, which importing it will tell. */
function compileCommonJs(text: string, filename: string): ReturnType<typeof compileFunction> | null {
  try {
    return compileFunction(text.replace(/^\uFEFF/, ''), COMMONJS_NAMES, { filename });
  } catch {
    return null;
  }
}

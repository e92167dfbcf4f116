import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Module hooks that load TypeScript: `./x.js` in a TypeScript file means `./x.ts`, and the compiler of the build emits
 * each file by itself, without a type check. What it emitted is kept, so that a file is compiled again only when its
 * text or the compiler's options change.
 */
const ROOT = new URL('../../', import.meta.url);
const CACHE = new URL('node_modules/.cache/typescript/', ROOT);
const { version } = json('node_modules/typescript/package.json');
const OPTIONS = {
  ...json('tsconfig.json').compilerOptions,
  // Compiled alone, a file does not show that the package is of ES modules.
  module: 'esnext',
  moduleResolution: 'bundler',
  noEmit: false,
  inlineSourceMap: true,
  inlineSources: true,
};
const KEY = JSON.stringify([version, OPTIONS]);

mkdirSync(CACHE, { recursive: true });
let compiler = null;

export async function resolve(specifier, context, next) {
  const isOwn = /^\.{1,2}\/.*\.js$/.test(specifier) && isTypeScript(context.parentURL ?? '');
  // The packages of this repository are loaded from their sources, too.
  const conditions = [...(context.conditions ?? []), '@bo-auth/source'];
  return next(isOwn ? specifier.replace(/\.js$/, '.ts') : specifier, { ...context, conditions });
}

export async function load(url, context, next) {
  if (!isTypeScript(url)) return next(url, context);
  const path = fileURLToPath(url);
  const source = readFileSync(path, 'utf8');
  return {
    format: 'module',
    shortCircuit: true,
    source: cached(path, source) ?? (await compiled(path, source)),
  };
}

function json(path) {
  return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8'));
}

function isTypeScript(url) {
  return /^file:.*\.ts(\?|$)/.test(url);
}

function cacheFile(path, source) {
  const hash = createHash('sha256');
  for (const part of [KEY, path, source]) hash.update(part).update('\0');
  return new URL(`${hash.digest('hex')}.js`, CACHE);
}

function cached(path, source) {
  try {
    return readFileSync(cacheFile(path, source), 'utf8');
  } catch {
    return null;
  }
}

async function compiled(path, source) {
  compiler ??= await loadCompiler();
  const { ts, options } = compiler;
  const { outputText } = ts.transpileModule(source, { fileName: path, compilerOptions: options });
  // Workers write the same files at the same time.
  const file = cacheFile(path, source);
  const partial = new URL(`${file.href}.${process.pid}`);
  writeFileSync(partial, outputText);
  renameSync(partial, file);
  return outputText;
}

async function loadCompiler() {
  const { default: ts } = await import('typescript');
  return { ts, options: ts.convertCompilerOptionsFromJson(OPTIONS, fileURLToPath(ROOT)).options };
}

// Writes what tsc cannot: the files for <script> tags, and crypto-js into the chunk that needs it, so that the package has
// no dependencies.
import { build } from 'esbuild';

const common = { bundle: true, minify: true, target: 'es2020', outdir: 'dist', allowOverwrite: true };
const source = (name) => new URL(`src/${name}.ts`, import.meta.url).pathname;

await build({
  ...common,
  format: 'iife',
  entryPoints: {
    'bo-auth': source('global'),
    'bo-auth-des': source('global-des'),
    'bo-auth-dpop': source('global-dpop'),
  },
});
await build({
  ...common,
  format: 'esm',

  legalComments: 'inline',
  entryPoints: { 'verify/des': source('verify/des') },
});

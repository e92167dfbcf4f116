// `node --import ./test/runner/typescript.mjs file.ts` runs TypeScript.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);

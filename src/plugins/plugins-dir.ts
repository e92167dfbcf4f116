import { existsSync } from 'node:fs';
import { DEFAULT_PLUGINS_DIR } from '../config/variables.js';

/** The line for a folder that the operator named and that does not exist; `null` if all is well. */
export function missingFolder(pluginsDir: string): string | null {
  if (pluginsDir === DEFAULT_PLUGINS_DIR || existsSync(pluginsDir)) return null;
  return `PLUGINS_DIR: ${pluginsDir} does not exist: only the built-in plugins are served`;
}

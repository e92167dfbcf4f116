import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The variables of the process, and those of `.env` that it does not have. Read anew by each worker. */
export function readEnvironment(): Record<string, string | undefined> {
  return { ...(existsSync('.env') && parseEnv(readFileSync('.env', 'utf8'))), ...process.env };
}

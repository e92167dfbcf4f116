import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The variables of the process, completed by those of `.env`; the process's own win. Each worker reads them itself. */
export function readEnvironment(): Record<string, string | undefined> {
  return { ...(existsSync('.env') && parseEnv(readFileSync('.env', 'utf8'))), ...process.env };
}

import { ConfigError } from './config/config.js';
import { PluginLoadError } from './plugins/plugin-failure.js';

/** What a system call or a database driver tells besides its message. */
interface Failure {
  readonly code?: unknown;
  readonly syscall?: unknown;
  /** Of Postgres alone. */
  readonly severity?: unknown;
}

/** Why the process could not start: one line that names the variable to mend, or a stack where only we can. */
export function startFailure(error: unknown): string {
  if (error instanceof ConfigError || error instanceof PluginLoadError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, syscall, severity } = error as Failure;
  if (typeof code === 'string') {
    if (code === 'EADDRINUSE') return 'PORT: another process listens there already';
    if (code === 'EACCES' && syscall === 'listen') return 'PORT: this user may not listen there';
    if (syscall === 'listen' || syscall === 'getaddrinfo') return `HOST: cannot listen there (${code})`;
    if (code.startsWith('SQLITE_')) return `DATABASE_URL: the file cannot be used (${code})`;
    if (syscall === 'mkdir') return `DATABASE_URL: the folder cannot be made (${code})`;
    if (syscall === 'connect') return `DATABASE_URL: the database cannot be reached (${code})`;
    if (severity !== undefined) return `DATABASE_URL: the database refused (${code})`;
  }
  return error.stack ?? error.message;
}

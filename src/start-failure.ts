import { types } from 'node:util';
import { PepperFormatError } from './config/pepper.js';
import { StartError } from './config/start-error.js';
import { DatabaseFailure } from './database/database-failure.js';
import { PluginLoadError } from './plugins/plugin-failure.js';

/** What errors of system calls carry besides a message. */
interface Failure {
  readonly code?: unknown;
  readonly syscall?: unknown;
}

/**
 * Why the process could not start: one line that names the variable to change, or the stack of an unexpected error.
 *
 * At the root because it knows the errors of several folders; the service and the command line both print it.
 */
export function startFailure(error: unknown): string {
  if (error instanceof StartError || error instanceof PluginLoadError || error instanceof DatabaseFailure)
    return error.message;
  if (error instanceof PepperFormatError) return `TOKEN_PEPPER: ${error.message}`;
  // Not instanceof: what node throws may be of another realm.
  if (!types.isNativeError(error)) return String(error);
  const { code, syscall } = error as Failure;
  if (typeof code === 'string') {
    if (code === 'EMFILE' || code === 'ENFILE')
      return `this process may open no more files (${code}): raise the limit, for example by ulimit -n 65536`;
    if (code === 'EADDRINUSE') return 'PORT: another process listens there already';
    if (code === 'EACCES' && syscall === 'listen') return 'PORT: this user may not listen there';
    if (syscall === 'listen' || syscall === 'getaddrinfo') return `HOST: cannot listen there (${code})`;
  }
  return error.stack ?? error.message;
}

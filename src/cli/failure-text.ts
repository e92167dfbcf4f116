import { CommanderError } from 'commander';
import { ChainUnusable } from '../audit/chain-state.js';
import { DatabaseFailure } from '../database/database-failure.js';
import { ApiError, type ErrorCode } from '../response/error/error-catalogue.js';
import { startFailure } from '../start-failure.js';
import { CommandError, EXIT } from './exit-code.js';

export interface FailureText {
  readonly code: string;
  /** What is wrong and, if known, what to do. */
  readonly message: string;
  readonly exitCode: number;
}

const ADVICE: Partial<Readonly<Record<ErrorCode, string>>> = {
  ADMIN_PROJECT_UNKNOWN: 'bo-auth project list shows the existing ones.',
  USER_UNKNOWN: 'bo-auth user list <ownerId> shows the existing ones.',
  ADMIN_SYSTEM_UNKNOWN: 'bo-auth system list <ownerId> shows the existing ones.',
  SESSION_UNKNOWN: 'bo-auth user sessions <ownerId> <userId> shows the existing ones.',
  SIGNING_KEY_UNKNOWN: 'bo-auth key list <ownerId> shows the existing ones.',
  SIGNING_KEY_TOO_EARLY: '--force skips the wait.',
  PROJECT_EXISTS: 'bo-auth project set <ownerId> changes it.',
};

/** Turns any error into a message and an exit code. */
export function failureText(error: unknown): FailureText {
  if (error instanceof CommanderError)
    return {
      code: 'USAGE',
      message: `${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}; see --help`,
      exitCode: EXIT.usage,
    };
  if (error instanceof CommandError)
    return {
      code: error.exitCode === EXIT.usage ? 'USAGE' : 'FAILED',
      message: error.message,
      exitCode: error.exitCode,
    };
  if (error instanceof ApiError) return ofCatalogue(error);
  if (error instanceof ChainUnusable)
    return {
      code: 'FAILED',
      message: `${error.message}: use the TOKEN_PEPPER of the service. If it is lost, or the chain was destroyed, bo-auth events restart-chain begins a new one.`,
      exitCode: EXIT.failure,
    };
  if (error instanceof DatabaseFailure)
    return { code: 'UNAVAILABLE', message: error.message, exitCode: EXIT.failure };
  return { code: 'FAILED', message: startFailure(error), exitCode: EXIT.failure };
}

function ofCatalogue({ errorCode, field, message }: ApiError): FailureText {
  if (errorCode === 'PARAMETER_INVALID')
    return {
      code: errorCode,
      message: field === undefined ? message : withOption(field, message),
      exitCode: EXIT.usage,
    };
  const advice = ADVICE[errorCode];
  return {
    code: errorCode,
    message: advice === undefined ? message : `${message} ${advice}`,
    exitCode: EXIT.failure,
  };
}

/** Fields that are arguments of a command, not options. */
const ARGUMENTS: ReadonlySet<string> = new Set(['ownerId', 'userId', 'sysId']);

/** Names the option next to its field: `graceSeconds must be …` → `graceSeconds (--grace-seconds) must be …`. */
function withOption(path: string, message: string): string {
  const [field = path] = path.split('.');
  if (field === 'body') return 'nothing to change: give at least one option, see --help';
  const option = field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  // A field of one word is spelled the same as its option.
  if (option === field || ARGUMENTS.has(field)) return message;
  return message.replace(field, `${field} (--${option})`);
}

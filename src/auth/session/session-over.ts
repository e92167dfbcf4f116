import { type ErrorCode } from '../../response/error/error-catalogue.js';
import type { Refusal } from '../refresh-token/decide.js';
import type { EndReason, Session } from './session.js';

const BY_END_REASON: Readonly<Record<EndReason, ErrorCode>> = {
  revoked: 'SESSION_LOGGED_OUT',
  'logged-out': 'SESSION_LOGGED_OUT',
  administrator: 'SESSION_ENDED_BY_ADMIN',
  'password-changed': 'PASSWORD_CHANGED',
  'account-disabled': 'ACCOUNT_DISABLED',
  evicted: 'SESSION_REPLACED',
  expired: 'SESSION_EXPIRED',
  reused: 'REFRESH_TOKEN_REUSED',
};

/** For a session whose row still says `active`. */
const BY_REFUSAL: Readonly<Record<Exclude<Refusal, 'ended' | 'subject'>, ErrorCode>> = {
  expired: 'SESSION_EXPIRED',
  idle: 'SESSION_EXPIRED',
  'logged-out-everywhere': 'SESSION_LOGGED_OUT',
};

/** The errors that tell a client why its session is over. */
export const SESSION_OVER_ERRORS = [
  ...new Set([...Object.values(BY_END_REASON), ...Object.values(BY_REFUSAL)]),
];

/** Why the session of a genuine token is over, as its holder may learn it. */
export function sessionOver(
  { endReason, subject }: Pick<Session, 'endReason' | 'subject'>,
  refusal: Refusal,
): ErrorCode {
  // A project's sessions live again when it is enabled; every call is refused with this error meanwhile.
  if (refusal === 'subject') return subject.projectActive ? 'ACCOUNT_DISABLED' : 'PROJECT_UNKNOWN';
  if (refusal !== 'ended') return BY_REFUSAL[refusal];
  // A process of an earlier version may have ended the session for a reason that is not known here.
  return BY_END_REASON[endReason ?? 'revoked'] ?? 'SESSION_LOGGED_OUT';
}

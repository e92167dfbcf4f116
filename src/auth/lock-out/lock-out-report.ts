import { Topic } from '../../diagnostics/topic.js';
import type { LockScope } from './login-record.js';

/** A login was refused because of earlier failures. */
export const lockedLogins = new Topic<void>('bo-auth:locked-login');

/** A failed login has locked its network, or all but the usual ones. */
export const loginLocks = new Topic<LockScope>('bo-auth:login-lock');

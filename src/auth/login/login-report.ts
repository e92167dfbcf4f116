import { Topic } from '../../diagnostics/topic.js';

export const LOGIN_OUTCOMES = ['granted', 'unknown-user', 'wrong-password', 'disabled-user'] as const;

/** What became of a login; the caller is told no more than whether it was granted. */
export type LoginOutcome = (typeof LOGIN_OUTCOMES)[number];

export const loginReports = new Topic<LoginOutcome>('bo-auth:login');

import { Topic } from '../../diagnostics/topic.js';

export const LOGIN_OUTCOMES = ['granted', 'unknown-user', 'wrong-password', 'disabled-user'] as const;

/** The outcome of a login. The client learns only whether it succeeded. */
export type LoginOutcome = (typeof LOGIN_OUTCOMES)[number];

export const loginReports = new Topic<LoginOutcome>('bo-auth:login');

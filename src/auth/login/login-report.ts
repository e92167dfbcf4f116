import { Topic } from '../../diagnostics/topic.js';

export const LOGIN_OUTCOMES = ['granted', 'refused'] as const;

/** The outcome of a login. Why it was refused is for the log alone: counters are read by more people. */
export type LoginOutcome = (typeof LOGIN_OUTCOMES)[number];

export const loginReports = new Topic<LoginOutcome>('bo-auth:login');

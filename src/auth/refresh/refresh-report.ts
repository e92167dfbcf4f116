import { Step } from '../../diagnostics/step.js';
import { Topic } from '../../diagnostics/topic.js';
import type { Decision, Refusal } from '../refresh-token/decide.js';

/**
 * The outcome of a refresh: the decision that was carried out, the reason of a refusal, `unknown` for a token without a
 * session, or `raced` if another request changed the session first and this one begins again.
 */
export type RefreshOutcome = Exclude<Decision['kind'], 'refused'> | Refusal | 'unknown' | 'raced';

/** All outcomes. */
export const REFRESH_OUTCOMES = Object.keys({
  keep: 0,
  rotate: 0,
  displace: 0,
  advance: 0,
  replay: 0,
  superseded: 0,
  reused: 0,
  ended: 0,
  expired: 0,
  idle: 0,
  subject: 0,
  'logged-out-everywhere': 0,
  unknown: 0,
  raced: 0,
} satisfies Record<RefreshOutcome, 0>) as readonly RefreshOutcome[];

export interface RefreshReport {
  readonly outcome: RefreshOutcome;
  /** For a replay: how long ago the repeated token was first issued. */
  readonly ageMs?: number;
}

export const refreshReports = new Topic<RefreshReport>('bo-auth:refresh');

/** The compare-and-set of a session's row, including the wait for its durable commit; the result is whether it won. */
export const rotations = new Step('bo-auth:rotation');

import { Step } from '../../diagnostics/step.js';
import { Topic } from '../../diagnostics/topic.js';
import type { Decision, Refusal } from '../refresh-token/decide.js';

/**
 * What became of a refresh: the decision that was carried out, why a session was refused, `unknown` where there was
 * none, and `raced` where another request was faster and this one begins again.
 */
export type RefreshOutcome = Exclude<Decision['kind'], 'refused'> | Refusal | 'unknown' | 'raced';

/** All of them. */
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
  /** Of a replayed answer: how long ago its token was made. */
  readonly ageMs?: number;
}

export const refreshReports = new Topic<RefreshReport>('bo-auth:refresh');

/** The compare-and-set of a session's row, with the wait for its durable commit; results in whether it moved. */
export const rotations = new Step('bo-auth:rotation');

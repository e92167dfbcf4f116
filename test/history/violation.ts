import type { Operation } from './recorder.js';

/**
 * I1 one refresh token per number and one successor per token. I2 no success that began after an acknowledged
 * revocation. I3 every refusal of an honest client is explained. I4 reuse is detected, and the family stays ended.
 * I5 project, user, session and its ends never change. I6 the number never falls, and grows by one. I7 without the key of
 * a bound session, or the secret of a confidential client, the tokens get no answer.
 * `answer`: an answer that no well-formed request may get. `recovery`: a chain that was not ended can refresh when every
 * process is up again.
 */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'answer' | 'recovery';

export interface Violation {
  readonly invariant: Invariant;
  readonly text: string;
  readonly session?: string;
  /** Ids of the operations that prove the violation. */
  readonly operations: readonly number[];
}

/** The rules of a project. Times in ms. */
export interface ProjectRules {
  readonly policy: 'rotate' | 'reuse';
  readonly grace: number;
  readonly absoluteLifetime: number;
  readonly idleLifetime: number | null;
  /** How long after an acknowledged revocation a cached copy may still answer (policy `reuse` only). */
  readonly staleness: number;
}

export type Rules = Readonly<Record<string, ProjectRules>>;

/** At most three displacements in a generation, so a token has at most four successors. */
export const MOST_SUCCESSORS = 4;

/** Tolerance for adjustments of the servers' wall clock against the driver's monotonic clock. */
export const CLOCK_TOLERANCE_MS = 50;

/** A replay at the end of the grace window extends the time until the parent is superseded by this share of the window. */
export const FLIGHT_SHARE = 1 / 8;

export const MS = 1_000_000;

export function violation(
  invariant: Invariant,
  text: string,
  operations: readonly Operation[],
  session?: string,
): Violation {
  return { invariant, text, session, operations: operations.map(({ id }) => id) };
}

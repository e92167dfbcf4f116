import type { Operation } from './recorder.js';

/**
 * I1 one refresh token per number and one successor per token. I2 no success that began after an acknowledged
 * revocation. I3 every refusal of an honest client is explained. I4 a reused token is found, and its family stays dead.
 * I5 project, user, session and its ends never change. I6 the number never falls, and grows by one.
 * `answer`: an answer that no well-formed request may meet. `recovery`: a chain that nothing ended goes on when every
 * process is up again.
 */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'answer' | 'recovery';

export interface Violation {
  readonly invariant: Invariant;
  readonly text: string;
  readonly session?: string;
  /** Ids of the operations that show it. */
  readonly operations: readonly number[];
}

/** What a project promises. Times in milliseconds. */
export interface ProjectRules {
  readonly policy: 'rotate' | 'reuse';
  readonly grace: number;
  readonly absoluteLifetime: number;
  readonly idleLifetime: number | null;
  /** For how long after an acknowledged revocation a cached copy may still answer (policy `reuse` alone). */
  readonly staleness: number;
}

export type Rules = Readonly<Record<string, ProjectRules>>;

/** A token may be displaced thrice in a generation, so one token has at most four successors. */
export const MOST_SUCCESSORS = 4;

/** The servers' wall clock may be slewed or stepped a little against the driver's monotonic one. */
export const CLOCK_TOLERANCE_MS = 50;

/** A replay at the very end of the grace window extends the parent's supersession by so much of the window. */
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

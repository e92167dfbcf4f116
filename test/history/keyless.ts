import type { Operation } from './recorder.js';
import { violation, type Violation } from './violation.js';

/** What a process says while a store does not answer. */
const UNAVAILABLE = new Set([429, 503]);

/** I7: whoever lacks the key of a bound session gets one answer, which says nothing of the session. */
export function keylessIsRefused(history: readonly Operation[]): Violation[] {
  return history.flatMap((operation) => {
    const { actor, answer, kind } = operation;
    if (actor !== 'keyless' || answer === undefined || UNAVAILABLE.has(answer.status)) return [];
    if (answer.status === 401 && answer.errorCode === 'DPOP_PROOF_INVALID') return [];
    const text = `${kind} without the key answered ${answer.status} ${answer.errorCode}`;
    return violation('I7', text, [operation]);
  });
}

/** All requests but those, which must not have had any effect: what they did has no explanation then. */
export function withoutKeyless(history: readonly Operation[]): readonly Operation[] {
  return history.filter(({ actor }) => actor !== 'keyless');
}

import type { Actor, Operation } from './recorder.js';
import { violation, type Violation } from './violation.js';

/** What a process says while a store does not answer. */
const UNAVAILABLE = new Set([429, 503]);

/** The one answer to each, by the documented call and by the token endpoint. */
const REFUSALS: Partial<Record<Actor, readonly string[]>> = {
  keyless: ['DPOP_PROOF_INVALID', 'invalid_dpop_proof'],
  // As for a token that does not exist.
  stranger: ['REFRESH_TOKEN_EXPIRED', 'invalid_grant'],
};

/** I7: whoever lacks the key of a bound session, or the secret of the session's client, gets one answer, which says nothing of the session. */
export function keylessIsRefused(history: readonly Operation[]): Violation[] {
  return history.flatMap((operation) => {
    const { actor, answer, kind } = operation;
    const refusals = REFUSALS[actor];
    if (refusals === undefined || answer === undefined || UNAVAILABLE.has(answer.status)) return [];
    if (answer.status === 401 && refusals.includes(answer.errorCode ?? '')) return [];
    const text = `${kind} of a ${actor} answered ${answer.status} ${answer.errorCode}`;
    return violation('I7', text, [operation]);
  });
}

/** All requests but those, which must not have had any effect: what they did has no explanation then. */
export function withoutKeyless(history: readonly Operation[]): readonly Operation[] {
  return history.filter(({ actor }) => REFUSALS[actor] === undefined);
}

import { reachedBefore, type Family } from './families.js';
import type { Fingerprint, Operation } from './recorder.js';
import {
  violation,
  CLOCK_TOLERANCE_MS,
  MOST_SUCCESSORS,
  MS,
  type ProjectRules,
  type Violation,
} from './violation.js';

export type Explanation = 'revoked' | 'perhaps revoked' | 'reused' | 'expired';

/** Whether a revocation may have taken effect before a time, and how certain that is. */
function revokedBefore(family: Family, time: number): Explanation | undefined {
  let perhaps = false;
  for (const { operation, certain } of family.revocations) {
    if (operation.invokedAt > time) continue;
    const status = operation.answer?.status;
    if (status === 200 && certain && (operation.answeredAt ?? time) < time) return 'revoked';
    // a refused revocation (401, 429) had no effect; a failed or unanswered one may have
    if (status === undefined || status === 200 || status >= 500) perhaps = true;
  }
  return perhaps ? 'perhaps revoked' : undefined;
}

/**
 * Whether some request may have been detected as reuse before a time: its token was older than the tip's parent (a
 * newer one had been presented) or had no displacements left, and may have been superseded for longer than the grace
 * window.
 */
function reusedBefore(family: Family, project: ProjectRules, time: number): boolean {
  const judged = new Set<Fingerprint>();
  const presentations = new Map<Fingerprint, number>();
  for (const operation of family.refreshes) {
    const { presented, answer } = operation;
    if (presented === undefined || operation.invokedAt > time) continue;
    presentations.set(presented, (presentations.get(presented) ?? 0) + 1);
    if (answer === undefined || answer.status === 401 || answer.status >= 500) judged.add(presented);
  }
  return [...judged].some((presented) => {
    const exhausted = (presentations.get(presented) ?? 0) > MOST_SUCCESSORS;
    return (
      supersededFor(family, presented, time) > project.grace ||
      displacedFor(family, project, presented, time) > project.grace ||
      (exhausted && openFor(family, presented, time) > MOST_SUCCESSORS * project.grace)
    );
  });
}

/** Maximum time since a token was first used, in ms; -Infinity if it was never presented. */
function openFor(family: Family, token: Fingerprint, time: number): number {
  const open = family.firstPresented.get(token);
  if (open === undefined || open > time) return Number.NEGATIVE_INFINITY;
  return (time - open) / MS + CLOCK_TOLERANCE_MS;
}

/** Maximum time since a token was superseded, in ms; -Infinity while it was certainly the tip or its parent. */
function supersededFor(family: Family, token: Fingerprint, time: number): number {
  const newer = reachedBefore(family.presented, (family.numbers.get(token) ?? 0) + 1, time);
  return newer ? openFor(family, token, time) : Number.NEGATIVE_INFINITY;
}

/**
 * Maximum time since a late retry of its parent displaced a token, in ms; -Infinity while it was certainly not
 * displaced. Only a request that may have been processed after the grace window, and whose answer was not this token,
 * can displace it.
 */
function displacedFor(family: Family, project: ProjectRules, token: Fingerprint, time: number): number {
  const parent = family.parents.get(token);
  const open = family.firstPresented.get(parent ?? '');
  if (parent === undefined || open === undefined) return Number.NEGATIVE_INFINITY;
  const number = family.numbers.get(token) ?? 0;
  const closed = open + (project.grace - CLOCK_TOLERANCE_MS) * MS;
  let since = Number.POSITIVE_INFINITY;
  for (const { presented, invokedAt, answeredAt, answer } of family.refreshes) {
    if (presented !== parent || (answeredAt ?? Number.POSITIVE_INFINITY) < closed) continue;
    const perhaps = answer === undefined || answer.status >= 500 || (answer.grant?.tokenSeq ?? 0) > number;
    if (perhaps) since = Math.min(since, Math.max(invokedAt, closed));
  }
  return since > time ? Number.NEGATIVE_INFINITY : (time - since) / MS + CLOCK_TOLERANCE_MS;
}

function expiredBefore(family: Family, project: ProjectRules, begun: number, time: number): boolean {
  if ((time - family.login.invokedAt) / MS >= project.absoluteLifetime) return true;
  if (project.idleLifetime === null) return false;
  const active = Math.max(
    ...family.successes.filter(({ answeredAt }) => answeredAt < begun).map(({ invokedAt }) => invokedAt),
  );
  return (time - active) / MS >= project.idleLifetime;
}

/** I3: 409 counts like 401, because a client that always gets "superseded" is in effect logged out. */
export function explainedRefusals(
  family: Family,
  project: ProjectRules,
  explained: Record<Explanation, number>,
): Violation[] {
  const bearers = family.revocations
    .filter(({ operation }) => operation.session === family.sessionId || operation.reach === 'user')
    .map(({ operation }) => operation);
  return [...family.refreshes, ...bearers].flatMap((operation) => {
    const { answer, answeredAt } = operation;
    if (operation.actor !== 'honest' || answeredAt === undefined || answer === undefined) return [];
    if (answer.status === 409) {
      if (supersededBefore(family, project, operation, answeredAt)) return [];
      return violation('I3', 'the newest token was refused as superseded', [operation], family.sessionId);
    }
    if (answer.status !== 401) return [];
    const explanation =
      revokedBefore(family, answeredAt) ??
      (reusedBefore(family, project, answeredAt) ? 'reused' : undefined) ??
      (expiredBefore(family, project, operation.invokedAt, answeredAt) ? 'expired' : undefined);
    if (explanation === undefined) {
      const text = `an honest client was refused without a reason (${answer.errorCode})`;
      return violation('I3', text, [operation], family.sessionId);
    }
    explained[explanation] += 1;
    return [];
  });
}

/**
 * A token is superseded once its successor may have been used, or once a late retry displaced the token itself. The
 * tip's parent may get one 409, when the grace window has just ended and the answer of an earlier retry may be in flight.
 */
function supersededBefore(
  family: Family,
  project: ProjectRules,
  operation: Operation,
  time: number,
): boolean {
  const token = operation.presented ?? '';
  if (supersededFor(family, token, time) > 0 || displacedFor(family, project, token, time) > 0) return true;
  const retried = family.refreshes.some(
    ({ id, presented, invokedAt }) => presented === token && id !== operation.id && invokedAt < time,
  );
  return retried && openFor(family, token, time) > project.grace;
}

/** Liveness: a chain that was not ended can refresh once the faults are over. I3 covers 401. */
export function recovers(family: Family, project: ProjectRules): Violation[] {
  const attempts = family.refreshes.filter(({ afterFaults }) => afterFaults === true);
  const last = attempts.at(-1);
  if (last === undefined) return [];
  if (attempts.some(({ answer }) => answer?.status === 200 || answer?.status === 401)) return [];
  const time = last.answeredAt ?? last.lostAt ?? last.invokedAt;
  if (revokedBefore(family, time) !== undefined || reusedBefore(family, project, time)) return [];
  const outcome = last.answer?.status ?? last.lostBy;
  return [violation('recovery', `no refresh at the end (${outcome})`, attempts.slice(-1), family.sessionId)];
}

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

/** Whether a revocation had perhaps taken effect before a time, and if so how sure that is. */
function revokedBefore(family: Family, time: number): Explanation | undefined {
  let perhaps = false;
  for (const { operation, certain } of family.revocations) {
    if (operation.invokedAt > time) continue;
    const status = operation.answer?.status;
    if (status === 200 && certain && (operation.answeredAt ?? time) < time) return 'revoked';
    // a refused revocation (401, 429) did nothing; one that failed or is on its way may have
    if (status === undefined || status === 200 || status >= 500) perhaps = true;
  }
  return perhaps ? 'perhaps revoked' : undefined;
}

/**
 * Whether some request had perhaps been found to be reuse before a time: its token was older than the tip's parent (a
 * newer one had been presented) or had used up its displacements, and had perhaps been superseded for longer than the
 * grace window.
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

/** Milliseconds, at most, since a token was first used up; -Infinity when it was never presented. */
function openFor(family: Family, token: Fingerprint, time: number): number {
  const open = family.firstPresented.get(token);
  if (open === undefined || open > time) return Number.NEGATIVE_INFINITY;
  return (time - open) / MS + CLOCK_TOLERANCE_MS;
}

/** Milliseconds, at most, since a token was superseded; -Infinity while it certainly was the tip or its parent. */
function supersededFor(family: Family, token: Fingerprint, time: number): number {
  const newer = reachedBefore(family.presented, (family.numbers.get(token) ?? 0) + 1, time);
  return newer ? openFor(family, token, time) : Number.NEGATIVE_INFINITY;
}

/**
 * Milliseconds, at most, since a token was displaced by a late retry of its parent; -Infinity while it certainly was
 * not. Only a request that was perhaps judged after the grace window, and that did not get this very token, displaces.
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

/** I3: 401 and 409 alike, since a client that is told "superseded" for ever is as lost as one that is logged out. */
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
 * A token is superseded as soon as its successor was perhaps used, or was itself displaced by a late retry. The tip's
 * parent may be told to wait once, when the grace window has just ended and an earlier retry's answer may be on its way.
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

/** Liveness: a chain that nothing ended is refreshed once the faults are over. A 401 is judged by I3 already. */
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

import { reachedBefore, type Family, type NumberStep, type Success } from './families.js';
import type { Fingerprint } from './recorder.js';
import {
  violation,
  CLOCK_TOLERANCE_MS,
  FLIGHT_SHARE,
  MOST_SUCCESSORS,
  MS,
  type ProjectRules,
  type Violation,
} from './violation.js';

/** I1: each number belongs to exactly one token and each token to exactly one number. */
export function oneTokenPerNumber(family: Family): Violation[] {
  const byNumber = new Map<number, Success>();
  const byToken = new Map<Fingerprint, Success>();
  const found: Violation[] = [];
  for (const success of family.successes) {
    const { tokenSeq, refreshToken } = success.grant;
    const sameNumber = byNumber.get(tokenSeq);
    const sameToken = byToken.get(refreshToken);
    if (sameNumber !== undefined && sameNumber.grant.refreshToken !== refreshToken) {
      found.push(
        violation('I1', `two tokens of number ${tokenSeq}`, [sameNumber, success], family.sessionId),
      );
    }
    if (sameToken !== undefined && sameToken.grant.tokenSeq !== tokenSeq) {
      const numbers = `${sameToken.grant.tokenSeq} and ${tokenSeq}`;
      found.push(violation('I1', `one token of numbers ${numbers}`, [sameToken, success], family.sessionId));
    }
    if (sameNumber === undefined) byNumber.set(tokenSeq, success);
    if (sameToken === undefined) byToken.set(refreshToken, success);
  }
  return found;
}

/** For each presented token, the first answer with each of its successors, by ascending number. */
function successorsOf(family: Family): Map<Fingerprint, Success[]> {
  const successors = new Map<Fingerprint, Map<Fingerprint, Success>>();
  for (const success of family.successes) {
    if (success.kind !== 'refresh' || success.presented === undefined) continue;
    const known = successors.get(success.presented) ?? new Map<Fingerprint, Success>();
    successors.set(success.presented, known);
    const earlier = known.get(success.grant.refreshToken);
    if (earlier === undefined || success.answeredAt < earlier.answeredAt) {
      known.set(success.grant.refreshToken, success);
    }
  }
  return new Map(
    [...successors].map(([presented, known]) => [
      presented,
      [...known.values()].sort((a, b) => a.grant.tokenSeq - b.grant.tokenSeq),
    ]),
  );
}

/**
 * I1: each presented token has one successor. Another one (displacement) may follow only after the grace window of the
 * previous one, and only if the previous one was never used; so only the last of several has successors.
 */
export function oneSuccessor(family: Family, project: ProjectRules): Violation[] {
  const successors = successorsOf(family);
  const found: Violation[] = [];
  for (const [presented, list] of successors) {
    const [first] = list;
    if (first === undefined) continue;
    if (project.policy === 'reuse') {
      const other = list.find((success) => success.grant.refreshToken !== presented);
      if (other !== undefined) {
        found.push(violation('I1', 'the token changed under policy reuse', [other], family.sessionId));
      }
      continue;
    }
    if (list.length > MOST_SUCCESSORS) {
      found.push(violation('I1', `${list.length} successors of one token`, list, family.sessionId));
    }
    for (const [index, success] of list.entries()) {
      if (index === 0) continue;
      const open = family.firstPresented.get(presented) ?? success.invokedAt;
      if ((success.answeredAt - open) / MS < index * project.grace - CLOCK_TOLERANCE_MS) {
        const text = 'two successors of one token within the grace window';
        found.push(violation('I1', text, [first, success], family.sessionId));
      }
    }
    for (const displaced of list.slice(0, -1)) {
      const used = successors.get(displaced.grant.refreshToken)?.[0];
      if (used === undefined) continue;
      const last = list.at(-1) ?? first;
      const text = 'a token was displaced by a sibling, and yet refreshed';
      found.push(violation('I1', text, [displaced, used, last], family.sessionId));
    }
  }
  return found;
}

/**
 * I4: presenting a token whose successor was used, and which has certainly been superseded for longer than the grace
 * window, is reuse; any answer but 401 would leave a theft undetected.
 */
export function reuseIsFound(family: Family, project: ProjectRules): Violation[] {
  if (project.policy === 'reuse') return [];
  const superseded = new Map(
    // use the time of the last successor: a displacement restarts the grace window
    [...successorsOf(family)].map(([presented, list]) => [presented, list.at(-1)?.answeredAt ?? 0]),
  );
  const used: NumberStep[] = [];
  for (const { presented, answeredAt } of [...family.successes].sort((a, b) => a.answeredAt - b.answeredAt)) {
    const number = family.numbers.get(presented ?? '') ?? 0;
    if (number > (used.at(-1)?.number ?? 0)) used.push({ at: answeredAt, number });
  }
  return family.refreshes.flatMap((operation) => {
    const { presented, answer, invokedAt } = operation;
    if (presented === undefined || (answer?.status !== 200 && answer?.status !== 409)) return [];
    const since = superseded.get(presented);
    const newerUsed = reachedBefore(used, (family.numbers.get(presented) ?? 0) + 1, invokedAt);
    if (since === undefined || !newerUsed) return [];
    if ((invokedAt - since) / MS <= project.grace * (1 + FLIGHT_SHARE) + CLOCK_TOLERANCE_MS) return [];
    const text = `a token reused after the grace window was answered ${answer.status}`;
    return violation('I4', text, [operation], family.sessionId);
  });
}

/** I6: numbers never decrease in answers that follow each other in real time. */
export function numberNeverFalls(family: Family): Violation[] {
  const byAnswer = [...family.successes].sort((a, b) => a.answeredAt - b.answeredAt);
  const byInvocation = [...family.successes].sort((a, b) => a.invokedAt - b.invokedAt);
  const found: Violation[] = [];
  let highest: Success | undefined;
  let next = 0;
  for (const success of byInvocation) {
    for (; next < byAnswer.length; next++) {
      const earlier = byAnswer[next];
      if (earlier === undefined || earlier.answeredAt >= success.invokedAt) break;
      if (highest === undefined || earlier.grant.tokenSeq > highest.grant.tokenSeq) highest = earlier;
    }
    if (highest === undefined || highest.grant.tokenSeq <= success.grant.tokenSeq) continue;
    const text = `the number fell from ${highest.grant.tokenSeq} to ${success.grant.tokenSeq}`;
    found.push(violation('I6', text, [highest, success], family.sessionId));
  }
  return found;
}

/** I6: a successor has its parent's number plus one, and one more for each displacement. */
export function numberGrowsByOne(family: Family, project: ProjectRules): Violation[] {
  return family.successes.flatMap((success) => {
    if (success.kind !== 'refresh' || success.presented === undefined) return [];
    const parent = family.numbers.get(success.presented) ?? 0;
    const step = success.grant.tokenSeq - parent;
    const open = family.firstPresented.get(success.presented) ?? success.invokedAt;
    const windows = ((success.answeredAt - open) / MS + CLOCK_TOLERANCE_MS) / Math.max(project.grace, 1);
    const most = Math.min(MOST_SUCCESSORS, 1 + Math.floor(windows));
    const right = project.policy === 'reuse' ? step === 0 : step >= 1 && step <= most;
    if (right) return [];
    const text = `number ${success.grant.tokenSeq} follows ${parent}`;
    return violation('I6', text, [success], family.sessionId);
  });
}

import {
  familiesOf,
  reachedBefore,
  successOf,
  type Families,
  type Family,
  type NumberStep,
  type Success,
} from './families.js';
import type { Fingerprint, Operation } from './recorder.js';

/**
 * I1 one refresh token per number and one successor per token. I2 no success that began after an acknowledged
 * revocation. I3 every refusal of an honest client is explained. I4 a reused token is found, and its family stays dead.
 * I5 project, user, session and its ends never change. I6 the number never falls, and grows by one.
 * `answer`: an answer that no well-formed request may meet. `settled`: a chain that nothing ended goes on when every
 * process is up again.
 */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'answer' | 'settled';

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

export type Explanation = 'revoked' | 'perhaps revoked' | 'reused' | 'expired';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly families: number;
  /** 401 answers to honest clients, by what explains them. */
  readonly explained: Readonly<Record<Explanation, number>>;
}

/** A token may be displaced thrice in a generation, so one token has at most four successors. */
const MOST_SUCCESSORS = 4;

/** The servers' wall clock may be slewed or stepped a little against the driver's monotonic one. */
const CLOCK_TOLERANCE_MS = 50;

/** A replay at the very end of the grace window extends the parent's supersession by so much of the window. */
const FLIGHT_SHARE = 1 / 8;

const MS = 1_000_000;

/**
 * Judges a history. Pure: the same history gives the same verdict. A request without an answer counts as "perhaps":
 * it may explain what is seen, and it is never itself a fault.
 */
export function check(history: readonly Operation[], rules: Rules): Verdict {
  const families = familiesOf(history);
  const explained: Record<Explanation, number> = { revoked: 0, 'perhaps revoked': 0, reused: 0, expired: 0 };
  const violations: Violation[] = [
    ...unexpectedAnswers(history),
    ...identityAcrossFamilies(history, families),
  ];
  for (const family of families.bySession.values()) {
    const project = rules[family.project];
    if (project === undefined) throw new Error(`no rules for project ${family.project}`);
    violations.push(
      ...oneTokenPerNumber(family),
      ...oneSuccessor(family, project),
      ...noneAfterRevocation(family, project),
      ...explainedRefusals(family, project, explained),
      ...deadStaysDead(family, project),
      ...reuseIsFound(family, project),
      ...identityStays(family),
      ...numberNeverFalls(family),
      ...numberGrowsByOne(family, project),
      ...settled(family, project),
    );
  }
  return { violations, families: families.bySession.size, explained };
}

function violation(
  invariant: Invariant,
  text: string,
  operations: readonly Operation[],
  session?: string,
): Violation {
  return { invariant, text, session, operations: operations.map(({ id }) => id) };
}

const REFRESH_ANSWERS = new Set([200, 401, 409, 429, 503]);
const OTHER_ANSWERS = new Set([200, 401, 429, 503]);

function unexpectedAnswers(history: readonly Operation[]): Violation[] {
  return history.flatMap((operation) => {
    const { answer, kind } = operation;
    if (answer === undefined) return [];
    if (answer.malformed !== undefined) {
      return violation('answer', `${kind} answered ${answer.status}: ${answer.malformed}`, [operation]);
    }
    const allowed = kind === 'refresh' ? REFRESH_ANSWERS : OTHER_ANSWERS;
    // only a token that was issued, or a bearer, can be refused; a login or revocation by token cannot
    const refusable = kind === 'refresh' || operation.session !== undefined || operation.reach === 'user';
    if (!allowed.has(answer.status) || (answer.status === 401 && !refusable)) {
      return violation('answer', `${kind} answered ${answer.status} ${answer.errorCode}`, [operation]);
    }
    return [];
  });
}

/** I5 between families: no token or session belongs to two, and nothing that was never issued is honoured. */
function identityAcrossFamilies(history: readonly Operation[], families: Families): Violation[] {
  const found: Violation[] = [];
  for (const operation of history) {
    const success = successOf(operation);
    if (success === undefined) continue;
    const { grant } = success;
    const issued = families.byToken.get(grant.refreshToken);
    if (issued !== undefined && issued.sessionId !== grant.sessionId) {
      found.push(violation('I5', 'one refresh token in two sessions', [success, issued.login]));
    }
    if (operation.kind === 'login') {
      const first = families.bySession.get(grant.sessionId)?.login;
      if (first !== undefined && first.id !== operation.id) {
        found.push(violation('I5', 'two logins in one session', [first, success], grant.sessionId));
      }
      continue;
    }
    const family = families.byToken.get(operation.presented ?? '');
    if (family === undefined) {
      found.push(violation('I5', 'a token that was never issued was honoured', [success]));
    } else if (family.project !== operation.project) {
      found.push(violation('I5', 'a token was honoured in another project', [success], family.sessionId));
    }
  }
  return found;
}

/** I5 within a family. */
function identityStays(family: Family): Violation[] {
  const { login } = family;
  return family.successes.flatMap((success) => {
    const changed = (['ownerId', 'userId', 'sessionId', 'began', 'expires'] as const).filter(
      (name) => success.grant[name] !== login.grant[name],
    );
    const lasting = success.grant.ownerId === family.project ? changed : [...changed, 'ownerId'];
    if (lasting.length === 0) return [];
    return violation('I5', `${lasting.join(', ')} changed`, [login, success], family.sessionId);
  });
}

/** I1: a number stands for one token and a token for one number. */
function oneTokenPerNumber(family: Family): Violation[] {
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

/** The first answer that carried each successor of each presented token, by rising number. */
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
 * I1: one successor per presented token. A further one (displacement) may follow only when the grace window since the
 * earlier one has passed, and only while the earlier one was never used: so of several, the last alone has successors.
 */
function oneSuccessor(family: Family, project: ProjectRules): Violation[] {
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

/** For how long an ended session may still be answered by a process that has not heard of it. */
function staleNs({ policy, staleness }: ProjectRules): number {
  return policy === 'reuse' ? staleness * MS : 0;
}

/** I2. */
function noneAfterRevocation(family: Family, project: ProjectRules): Violation[] {
  const acknowledged = family.revocations
    .filter(({ operation, certain }) => certain && operation.answer?.status === 200)
    .map(({ operation }) => operation)
    .sort((a, b) => (a.answeredAt ?? 0) - (b.answeredAt ?? 0))[0];
  if (acknowledged?.answeredAt === undefined) return [];
  const end = acknowledged.answeredAt + staleNs(project);
  return family.successes
    .filter((success) => success.kind === 'refresh' && success.invokedAt > end)
    .map((success) => {
      const after = ((success.invokedAt - end) / MS).toFixed(1);
      const text = `refreshed ${after} ms after an acknowledged revocation`;
      return violation('I2', text, [acknowledged, success], family.sessionId);
    });
}

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
function explainedRefusals(
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

/** I4: what was refused for good stays refused. */
function deadStaysDead(family: Family, project: ProjectRules): Violation[] {
  const verdict = family.refreshes
    .filter(({ answer }) => answer?.status === 401 && answer.errorCode?.startsWith('REFRESH_TOKEN_'))
    .sort((a, b) => (a.answeredAt ?? 0) - (b.answeredAt ?? 0))[0];
  if (verdict?.answeredAt === undefined) return [];
  const end = verdict.answeredAt + staleNs(project);
  return family.successes
    .filter(({ invokedAt }) => invokedAt > end)
    .map((success) => {
      const text = `refreshed after the family had ended (${verdict.answer?.errorCode})`;
      return violation('I4', text, [verdict, success], family.sessionId);
    });
}

/**
 * I4: a token whose successor is known to have been used, and that has certainly been superseded for longer than the
 * grace window, is reuse; anything but a 401 lets a thief go unseen.
 */
function reuseIsFound(family: Family, project: ProjectRules): Violation[] {
  if (project.policy === 'reuse') return [];
  const superseded = new Map(
    // of several successors the last one's time: a displacement opens the window anew
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

/** I6: answers that follow each other in real time never go back. */
function numberNeverFalls(family: Family): Violation[] {
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

/** I6: a successor's number follows its parent's; displacements, each a grace window later, add one each. */
function numberGrowsByOne(family: Family, project: ProjectRules): Violation[] {
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

/** Liveness: a chain that nothing ended is refreshed once the faults are over. A 401 is judged by I3 already. */
function settled(family: Family, project: ProjectRules): Violation[] {
  const attempts = family.refreshes.filter(({ settling }) => settling === true);
  const last = attempts.at(-1);
  if (last === undefined) return [];
  if (attempts.some(({ answer }) => answer?.status === 200 || answer?.status === 401)) return [];
  const time = last.answeredAt ?? last.lostAt ?? last.invokedAt;
  if (revokedBefore(family, time) !== undefined || reusedBefore(family, project, time)) return [];
  const outcome = last.answer?.status ?? last.lostBy;
  return [violation('settled', `no refresh at the end (${outcome})`, attempts.slice(-1), family.sessionId)];
}

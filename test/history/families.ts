import type { Fingerprint, Grant, Operation } from './recorder.js';

/** An answered request that issued tokens. */
export interface Success extends Operation {
  readonly answeredAt: number;
  readonly grant: Grant;
}

/** A revocation that may cover a family. `certain`: it covers the family if it took effect at all. */
export interface Revocation {
  readonly operation: Operation;
  readonly certain: boolean;
}

/** At time `at`, `number` had been reached. Lists of steps ascend in both. */
export interface NumberStep {
  readonly at: number;
  readonly number: number;
}

/** One login session as observed by clients. */
export interface Family {
  readonly sessionId: string;
  readonly project: string;
  readonly user: string;
  readonly login: Success;
  /** Refreshes under the family's own project that present one of its tokens, sorted by start. */
  readonly refreshes: Operation[];
  readonly successes: Success[];
  readonly revocations: Revocation[];
  /** Every token in an answer, with its number. */
  readonly numbers: Map<Fingerprint, number>;
  /** The presented token for each issued token. The token of the login has none. */
  readonly parents: Map<Fingerprint, Fingerprint>;
  /** When each token was first presented. The token cannot have been superseded earlier. */
  readonly firstPresented: Map<Fingerprint, number>;
  /** The highest number that anyone had presented. */
  readonly presented: NumberStep[];
}

export interface Families {
  readonly bySession: ReadonlyMap<string, Family>;
  readonly byToken: ReadonlyMap<Fingerprint, Family>;
}

export function successOf(operation: Operation): Success | undefined {
  const { answeredAt, answer } = operation;
  if (answeredAt === undefined || answer?.grant === undefined || answer.status !== 200) return undefined;
  return { ...operation, answeredAt, grant: answer.grant };
}

/** Groups a history by family, which the session id of the login's answer identifies. */
export function familiesOf(history: readonly Operation[]): Families {
  const bySession = new Map<string, Family>();
  const byToken = new Map<Fingerprint, Family>();
  const inOrder = [...history].sort((a, b) => a.invokedAt - b.invokedAt);
  const successes = inOrder.flatMap((operation) => successOf(operation) ?? []);

  for (const success of successes) {
    const { sessionId } = success.grant;
    if (success.kind !== 'login' || bySession.has(sessionId)) continue;
    bySession.set(sessionId, newFamily(success));
  }
  for (const { grant } of successes) {
    const family = bySession.get(grant.sessionId);
    if (family === undefined) continue;
    if (!byToken.has(grant.refreshToken)) byToken.set(grant.refreshToken, family);
    if (!family.numbers.has(grant.refreshToken)) family.numbers.set(grant.refreshToken, grant.tokenSeq);
  }
  for (const operation of inOrder) {
    if (operation.kind === 'refresh') fileRefresh(operation, byToken);
    if (operation.kind === 'revoke') fileRevocation(operation, bySession, byToken);
  }
  return { bySession, byToken };
}

function newFamily(login: Success): Family {
  return {
    sessionId: login.grant.sessionId,
    project: login.project,
    user: login.user,
    login,
    refreshes: [],
    successes: [login],
    revocations: [],
    numbers: new Map(),
    parents: new Map(),
    firstPresented: new Map(),
    presented: [],
  };
}

function fileRefresh(operation: Operation, byToken: ReadonlyMap<Fingerprint, Family>): void {
  const { presented, invokedAt } = operation;
  const family = presented === undefined ? undefined : byToken.get(presented);
  // under another project, a genuine token must not affect the family
  if (presented === undefined || family === undefined || operation.project !== family.project) return;
  family.refreshes.push(operation);
  const success = successOf(operation);
  if (success !== undefined) {
    family.successes.push(success);
    if (!family.parents.has(success.grant.refreshToken)) {
      family.parents.set(success.grant.refreshToken, presented);
    }
  }
  if (!family.firstPresented.has(presented)) family.firstPresented.set(presented, invokedAt);
  const number = family.numbers.get(presented) ?? 0;
  if (number > (family.presented.at(-1)?.number ?? -1)) family.presented.push({ at: invokedAt, number });
}

function fileRevocation(
  operation: Operation,
  bySession: ReadonlyMap<string, Family>,
  byToken: ReadonlyMap<Fingerprint, Family>,
): void {
  const ended = operation.answeredAt ?? Number.POSITIVE_INFINITY;
  if (operation.reach === 'user') {
    for (const family of bySession.values()) {
      if (family.project !== operation.project || family.user !== operation.user) continue;
      if (family.login.invokedAt > ended) continue;
      family.revocations.push({ operation, certain: family.login.answeredAt < operation.invokedAt });
    }
    return;
  }
  const family =
    operation.session === undefined
      ? byToken.get(operation.presented ?? '')
      : bySession.get(operation.session);
  if (family === undefined || family.project !== operation.project) return;
  family.revocations.push({ operation, certain: true });
}

/** Whether a number, or a higher one, had been reached before a time. */
export function reachedBefore(steps: readonly NumberStep[], number: number, time: number): boolean {
  const step = steps.find((candidate) => candidate.number >= number);
  return step !== undefined && step.at < time;
}

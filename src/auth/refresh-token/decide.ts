import { MAX_GENERATION, type TokenPosition } from './refresh-token.js';

/**
 * Decides what a presented refresh token means for its session, as one pure function. The caller has verified the
 * token's MAC (a wrong MAC affects no family) and carries the decision out by one compare-and-set on the row's
 * generation and branch. If the row has changed meanwhile, the caller reads again and decides again.
 *
 * The promise: a legitimate client that keeps the newest answer (by `tokenSeq`) is never logged out by a
 * race, a retry, a crash or a lost answer, and a copied token is detected at the next refresh of the
 * other holder. `test/auth/engine-model.ts` searches for a counterexample to either half.
 *
 * @see RFC 9700 §4.14.2 (refresh token rotation and the revocation of the family on reuse)
 */

/** All times are milliseconds since the epoch. */
export interface Supersession extends TokenPosition {
  /** When a newer token replaced this one. For the tip's parent see {@link decide}. */
  readonly at: number;
}

/** The session's row, and the state of its user and project. */
export interface FamilyState extends TokenPosition {
  readonly status: 'active' | 'ended';
  /** When the tip (`generation`, `branch`) was issued. */
  readonly rotatedAt: number;
  readonly createdAt: number;
  readonly idleExpiresAt: number | null;
  /** The absolute end, never moved. */
  readonly expiresAt: number;
  /** The last {@link SUPERSEDED_KEPT} tokens before the tip, ascending by position. */
  readonly superseded: readonly Supersession[];
  /** Grows with each new token, so that a client can tell which of two answers is newer. */
  readonly tokenSeq: number;
  readonly subject: {
    /** User and project are both enabled. */
    readonly active: boolean;
    /** "Log out everywhere": sessions created strictly before this moment are dead. */
    readonly validAfter: number;
  };
}

export interface RefreshPolicy {
  readonly mode: 'reuse' | 'rotate';
  /** How long after a rotation the parent still yields the same successor, in ms: 0 … 300 000. */
  readonly graceMs: number;
  readonly idleMs: number | null;
  /** Whether a client that lost its answer for longer than the grace gets a new token. */
  readonly lostResponse: 'reissue' | 'revoke';
}

/** All columns that a refresh may write. */
export type NextState = Pick<
  FamilyState,
  'generation' | 'branch' | 'rotatedAt' | 'idleExpiresAt' | 'superseded' | 'tokenSeq'
>;

export type Refusal = 'ended' | 'expired' | 'idle' | 'subject' | 'logged-out-everywhere';

export type Decision =
  /** The session is over, whatever was presented; nothing is written. */
  | { readonly kind: 'refused'; readonly reason: Refusal }
  /** The presented token stays. `touch`: the `idleExpiresAt` to write, or null for no write. */
  | { readonly kind: 'keep'; readonly touch: number | null }
  /** Answer the token at `next`. */
  | { readonly kind: 'rotate' | 'displace'; readonly next: NextState }
  /** As `rotate`, but the store has lost a commit, which the operator must learn. */
  | { readonly kind: 'advance'; readonly next: NextState }
  /** Answer the tip again, after writing `next` if there is one. */
  | {
      readonly kind: 'replay';
      readonly successor: TokenPosition;
      readonly tokenSeq: number;
      readonly next: NextState | null;
    }
  /** A newer token was issued moments ago: 409, nothing is written. */
  | { readonly kind: 'superseded'; readonly retryAfterSeconds: number }
  /** The token has two holders: end the family. */
  | { readonly kind: 'reused' };

/** The decisions that answer with an error. */
export type RefusingDecision = Extract<Decision, { readonly kind: 'refused' | 'superseded' | 'reused' }>;

/** The decisions that answer with tokens. */
export type GrantingDecision = Exclude<Decision, RefusingDecision>;

export function isGranting(decision: Decision): decision is GrantingDecision {
  return decision.kind !== 'refused' && decision.kind !== 'superseded' && decision.kind !== 'reused';
}

/** How many superseded tokens a row remembers. */
export const SUPERSEDED_KEPT = 16;

/** How many times an unused successor is replaced within one generation. */
export const MAX_DISPLACEMENTS = 3;

/** Under `reuse` the idle end is written again only once this share of the idle lifetime has passed. */
const TOUCH_SHARE = 1 / 16;

/**
 * The share of the grace window that a legitimate request and its answer are assumed to take. A replay in the last
 * such share of the window extends the parent's supersession by as much.
 */
const FLIGHT_SHARE = 1 / 8;

/**
 * | presented                                   | decision                                             |
 * |---------------------------------------------|------------------------------------------------------|
 * | anything, session dead                      | `refused`; expiry wins over grace                    |
 * | beyond the tip                              | `advance`                                            |
 * | the tip                                     | `keep` under `reuse`, else `rotate`                  |
 * | the parent, tip not older than the grace    | `replay`                                             |
 * | itself superseded not longer than the grace | `superseded`                                         |
 * | the parent, later                           | `displace` up to three times a generation            |
 * | anything else behind the tip                | `reused`                                             |
 *
 * Every window includes its last millisecond (`age <= graceMs`); every end excludes its own
 * (`now >= expiresAt` is expired). An age below zero, after a clock was set back, counts as zero.
 *
 * The _parent_ is the token from which the tip's generation was rotated. Its supersession counts from the
 * last moment its successor may have been handed out for it: the rotation, a displacement, or a late
 * replay. Without that, two tabs that wake after a lost answer present the parent together, the first is
 * answered by displacement and uses its new token at once, and the second, a moment later, is "older than
 * the parent and superseded long ago". And two that straddle the end of the window are answered with two
 * different tokens, of which the client may keep the one that has just been displaced.
 */
export function decide(
  session: FamilyState,
  presented: TokenPosition,
  now: number,
  policy: RefreshPolicy,
): Decision {
  const reason = whyDead(session, now);
  if (reason !== null) return { kind: 'refused', reason };

  const order = compare(presented, session);
  if (order > 0) return advance(session, presented, now, policy);
  if (order === 0) {
    if (policy.mode === 'reuse') return { kind: 'keep', touch: touch(session, now, policy) };
    return rotate(session, now, policy);
  }

  const parent = session.superseded.findLast((token) => token.generation === session.generation - 1);
  const isParent = parent !== undefined && compare(presented, parent) === 0;
  if (isParent && now - session.rotatedAt <= policy.graceMs) return replay(session, parent, now, policy);

  const entry = session.superseded.findLast((token) => compare(presented, token) === 0);
  if (entry !== undefined && now - entry.at <= policy.graceMs) {
    // The client of an older token has a newer answer on its way and can retry at once. The parent's client has not.
    const waitMs = isParent ? Math.min(entry.at + policy.graceMs + 1 - now, policy.graceMs) : 0;
    return { kind: 'superseded', retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
  }
  if (isParent && policy.lostResponse === 'reissue' && session.branch < MAX_DISPLACEMENTS) {
    return displace(session, parent, now, policy);
  }
  return { kind: 'reused' };
}

/** Why no token of this session is valid any more, or `null` if the session is alive. */
export function whyDead(session: Omit<FamilyState, 'superseded'>, now: number): Refusal | null {
  if (session.status === 'ended') return 'ended';
  if (now >= session.expiresAt) return 'expired';
  if (session.idleExpiresAt !== null && now >= session.idleExpiresAt) return 'idle';
  if (!session.subject.active) return 'subject';
  if (session.createdAt < session.subject.validAfter) return 'logged-out-everywhere';
  return null;
}

function rotate(session: FamilyState, now: number, policy: RefreshPolicy): Decision {
  // The token format has no room for another generation, so the session ends: the user signs in again.
  if (session.generation >= MAX_GENERATION) return { kind: 'refused', reason: 'expired' };
  return {
    kind: 'rotate',
    next: nextState(session, { generation: session.generation + 1, branch: 0 }, now, policy, [
      ...session.superseded,
      superseded(session, now),
    ]),
  };
}

/**
 * The tip was never used: either the client lost the answer, or another holder has the tip. A sibling replaces the
 * tip, so that the other holder is detected when it presents the old one.
 */
function displace(session: FamilyState, parent: Supersession, now: number, policy: RefreshPolicy): Decision {
  return {
    kind: 'displace',
    next: nextState(session, { generation: session.generation, branch: session.branch + 1 }, now, policy, [
      ...supersededAt(session, parent, now),
      superseded(session, now),
    ]),
  };
}

function replay(session: FamilyState, parent: Supersession, now: number, policy: RefreshPolicy): Decision {
  const flightMs = Math.ceil(policy.graceMs * FLIGHT_SHARE);
  const isLate = now - session.rotatedAt > policy.graceMs - flightMs;
  // At most one write per window: the extension is the same for every late replay.
  const until = session.rotatedAt + flightMs;
  const next =
    isLate && parent.at < until
      ? { ...currentState(session), superseded: supersededAt(session, parent, until) }
      : null;
  return { kind: 'replay', successor: position(session), tokenSeq: session.tokenSeq, next };
}

/**
 * A valid MAC beyond the tip: this service issued that token, and the row was since restored from an older copy. The
 * tokens issued in between count as superseded now, the latest possible time. Whether they had branches is unknown.
 */
function advance(
  session: FamilyState,
  presented: TokenPosition,
  now: number,
  policy: RefreshPolicy,
): Decision {
  if (policy.mode === 'rotate' && presented.generation >= MAX_GENERATION) {
    return { kind: 'refused', reason: 'expired' };
  }
  const passed = [superseded(session, now)];
  const from = Math.max(session.generation + 1, presented.generation - SUPERSEDED_KEPT);
  for (let generation = from; generation < presented.generation; generation++) {
    passed.push({ generation, branch: 0, at: now });
  }
  const fromBranch = presented.generation === session.generation ? session.branch + 1 : 0;
  for (let branch = fromBranch; branch < presented.branch; branch++) {
    passed.push({ generation: presented.generation, branch, at: now });
  }
  const tip = policy.mode === 'rotate' ? { generation: presented.generation + 1, branch: 0 } : presented;
  if (policy.mode === 'rotate') passed.push(superseded(presented, now));
  // A client keeps the answer with the highest `tokenSeq`, so this one must exceed any that was lost: each lost
  // generation may have had one token more than its displacements.
  const lostAtMost =
    (tip.generation - session.generation) * (MAX_DISPLACEMENTS + 1) + (tip.branch - session.branch);
  const next = nextState(session, tip, now, policy, [...session.superseded, ...passed]);
  return { kind: 'advance', next: { ...next, tokenSeq: session.tokenSeq + Math.max(1, lostAtMost) } };
}

function nextState(
  session: FamilyState,
  tip: TokenPosition,
  now: number,
  policy: RefreshPolicy,
  superseded: readonly Supersession[],
): NextState {
  return {
    generation: tip.generation,
    branch: tip.branch,
    rotatedAt: now,
    idleExpiresAt: policy.idleMs === null ? null : Math.min(now + policy.idleMs, session.expiresAt),
    superseded: superseded.slice(-SUPERSEDED_KEPT),
    tokenSeq: session.tokenSeq + 1,
  };
}

/** The present values of the columns that a refresh may write. */
function currentState(session: FamilyState): NextState {
  const { generation, branch, rotatedAt, idleExpiresAt, superseded, tokenSeq } = session;
  return { generation, branch, rotatedAt, idleExpiresAt, superseded, tokenSeq };
}

function touch(session: FamilyState, now: number, policy: RefreshPolicy): number | null {
  const { idleExpiresAt, expiresAt } = session;
  // If the policy no longer has an idle lifetime, only the absolute one remains.
  if (policy.idleMs === null) return idleExpiresAt === null || idleExpiresAt >= expiresAt ? null : expiresAt;
  const renewed = Math.min(now + policy.idleMs, expiresAt);
  if (idleExpiresAt === null) return renewed;
  // If the absolute end cuts the idle lifetime short, no later use could still write it.
  const isLast = renewed === expiresAt && idleExpiresAt < expiresAt;
  const isDue = Math.abs(renewed - idleExpiresAt) >= policy.idleMs * TOUCH_SHARE;
  return isLast || (isDue && renewed !== idleExpiresAt) ? renewed : null;
}

function supersededAt(session: FamilyState, token: Supersession, at: number): readonly Supersession[] {
  return session.superseded.map((entry) => (entry === token ? { ...entry, at } : entry));
}

function superseded({ generation, branch }: TokenPosition, at: number): Supersession {
  return { generation, branch, at };
}

function position({ generation, branch }: TokenPosition): TokenPosition {
  return { generation, branch };
}

function compare(a: TokenPosition, b: TokenPosition): number {
  return a.generation - b.generation || a.branch - b.branch;
}

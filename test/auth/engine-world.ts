import type { FamilyState, Supersession } from '../../src/auth/refresh-token/decide.js';
import type { TokenPosition } from '../../src/auth/refresh-token/refresh-token.js';

/** The states of {@link search}: what the service, the client, its network and a thief hold at one time. */

export const GRACE = 16;
export const FLIGHT = 2;

export interface Token extends TokenPosition {
  readonly seq: number;
}

export interface Message {
  readonly kind: 'ask' | 'answer';
  readonly token: Token;
  readonly age: number;
  /** The thief has held the token of this answer. */
  readonly known: boolean;
}

/** The history of a holder's newest token. */
export interface Holder {
  /** The other holder has also held it. */
  readonly shared: boolean;
  /** When the other holder last succeeded while only this holder held the token. */
  readonly crossedAt: number | null;
}

export interface World {
  readonly row: FamilyState;
  /** When the model saw the tip being issued. */
  readonly tipSince: number;
  readonly stored: Token;
  readonly wire: readonly Message[];
  readonly victim: Holder;
  /** Since when the victim has received only 409. */
  readonly waitingSince: number | null;
  readonly thief: (Holder & { readonly newest: Token; readonly older: Token | null }) | null;
  readonly thiefActed: boolean;
}

/** The options of a search that say which differences between two states matter. */
interface Scope {
  readonly judge?: unknown;
  readonly thief?: boolean;
  readonly ignoresTokenSeq?: boolean;
}

export const NOW = 1_000;
/** Just outside the grace window; all older ages are equivalent. */
const LONG_AGO = NOW - GRACE - 1;
/** Just longer than the victim may receive 409. */
export const TOO_LONG_AGO = NOW - GRACE - FLIGHT - 1;
const TIP_GENERATION = 6;
const DEAD: Token = { generation: 0, branch: 0, seq: 0 };

export const ALONE: Holder = { shared: false, crossedAt: null };
export const SHARED: Holder = { shared: true, crossedAt: null };

export const START: World = {
  row: {
    status: 'active',
    generation: TIP_GENERATION,
    branch: 0,
    rotatedAt: LONG_AGO,
    createdAt: 0,
    idleExpiresAt: null,
    expiresAt: Number.MAX_SAFE_INTEGER,
    superseded: [],
    tokenSeq: 1,
    subject: { active: true, validAfter: 0 },
  },
  tipSince: LONG_AGO,
  stored: { generation: TIP_GENERATION, branch: 0, seq: 1 },
  wire: [],
  victim: ALONE,
  waitingSince: null,
  thief: null,
  thiefActed: false,
};

export function pass(world: World, units: number): World {
  const { row, victim, thief, waitingSince } = world;
  const older = (at: number): number => Math.max(at - units, LONG_AGO);
  const olderHolder = <H extends Holder>(holder: H): H =>
    holder.crossedAt === null ? holder : { ...holder, crossedAt: older(holder.crossedAt) };
  return {
    ...world,
    row: {
      ...row,
      rotatedAt: older(row.rotatedAt),
      superseded: row.superseded.map((entry) => ({ ...entry, at: older(entry.at) })),
    },
    tipSince: older(world.tipSince),
    wire: world.wire.map((message) => ({ ...message, age: message.age + units })),
    victim: olderHolder(victim),
    thief: thief === null ? null : olderHolder(thief),
    waitingSince: waitingSince === null ? null : Math.max(waitingSince - units, TOO_LONG_AGO),
  };
}

/**
 * Normalises a state relative to its tip: counts generations from the tip, keeps only the order of the numbers, merges
 * tokens whose use is always detected, and drops what the row stores about tokens that nobody holds. Returns null if a
 * live token is older than the model's limit: five refreshes completed while one request was in flight.
 */
export function normalise(world: World, scope: Scope): World | null {
  const { row, thief, stored } = world;
  const parent = parentOf(row);
  const shift = TIP_GENERATION - row.generation;
  const held: Token[] = [];
  for (const message of world.wire) held.push(message.token);
  held.push(stored);
  if (thief !== null) held.push(thief.newest);
  if (thief !== null && thief.older !== null) held.push(thief.older);

  const isDead = (token: Token): boolean => {
    if (token.generation === DEAD.generation) return true;
    if (samePosition(token, row) || (parent !== undefined && samePosition(token, parent))) return false;
    return row.superseded.some((entry) => samePosition(token, entry) && entry.at === LONG_AGO);
  };
  const live: Token[] = [];
  const seqs: number[] = [];
  for (const token of held) {
    if (isDead(token)) continue;
    if (token.generation + shift <= DEAD.generation) return null;
    live.push(token);
    if (!seqs.includes(token.seq)) seqs.push(token.seq);
  }
  const rankOf = (seq: number): number => {
    let rank = 1;
    for (const other of seqs) if (other < seq) rank++;
    return rank;
  };
  const seen = (token: Token): Token =>
    live.includes(token)
      ? { generation: token.generation + shift, branch: token.branch, seq: rankOf(token.seq) }
      : DEAD;

  const isHeld = (entry: TokenPosition): boolean => live.some((token) => samePosition(token, entry));
  const superseded: Supersession[] = [];
  for (const entry of row.superseded) {
    if (entry !== parent && !isHeld(entry)) continue;
    const at = isHeld(entry) ? entry.at : LONG_AGO;
    superseded.push({ generation: entry.generation + shift, branch: entry.branch, at });
  }
  // The age of the tip matters only to its parent (and to incorrect rules that use it wrongly).
  const isAgeless = scope.judge === undefined && (parent === undefined || !isHeld(parent));

  const wire: Message[] = [];
  for (const message of world.wire) {
    // It would change nothing, and the thief could have copied it elsewhere.
    const isIdle = message.kind === 'answer' && thief === null && message.token.seq <= stored.seq;
    if (isIdle && scope.ignoresTokenSeq !== true && scope.thief !== true) continue;
    wire.push({ ...message, token: seen(message.token) });
  }
  const older = thief === null || thief.older === null ? DEAD : seen(thief.older);
  return {
    ...world,
    row: {
      ...row,
      generation: TIP_GENERATION,
      rotatedAt: isAgeless ? LONG_AGO : row.rotatedAt,
      superseded,
      tokenSeq: rankOf(row.tokenSeq),
    },
    tipSince: isAgeless ? LONG_AGO : world.tipSince,
    wire,
    stored: seen(stored),
    thief:
      thief === null
        ? null
        : { ...pick(thief), newest: seen(thief.newest), older: older === DEAD ? null : older },
  };
}

/** One character for each part, because half of the search time is spent on looking these keys up. */
export function keyOf(world: World): string {
  const { row, stored, wire, victim, thief, waitingSince } = world;
  const codes = [row.branch, row.tokenSeq, age(row.rotatedAt), age(world.tipSince), codeOf(stored)];
  codes.push(age(waitingSince), thief === null ? 0 : world.thiefActed ? 1 : 2, row.superseded.length);
  for (const entry of row.superseded) {
    codes.push((entry.generation << 4) | entry.branch, age(entry.at));
  }
  if (thief !== null) {
    codes.push(codeOf(thief.newest), thief.older === null ? 1 : codeOf(thief.older));
    codes.push(codeOfHolder(thief), codeOfHolder(victim));
  }
  const messages = wire.map(
    ({ kind, token, age, known }) =>
      (codeOf(token) << 4) | (age << 2) | (known ? 2 : 0) | (kind === 'ask' ? 1 : 0),
  );
  if (messages.length > 1) messages.sort((a, b) => a - b);
  return String.fromCharCode(...codes, ...messages);
}

function codeOf({ generation, branch, seq }: Token): number {
  return (generation << 8) | (branch << 4) | seq;
}

function codeOfHolder({ shared, crossedAt }: Holder): number {
  return shared ? 1 : age(crossedAt);
}

function age(at: number | null): number {
  return at === null ? 0 : 2 + NOW - at;
}

function parentOf(row: FamilyState): Supersession | undefined {
  return row.superseded.findLast((entry) => entry.generation === row.generation - 1);
}

export function isParent(row: FamilyState, held: TokenPosition): boolean {
  const parent = parentOf(row);
  return parent !== undefined && samePosition(parent, held);
}

export function pick({ shared, crossedAt }: Holder): Holder {
  return { shared, crossedAt };
}

export function samePosition(a: TokenPosition, b: TokenPosition): boolean {
  return a.generation === b.generation && a.branch === b.branch;
}

import {
  type Decision,
  decide,
  type FamilyState,
  type NextState,
  type RefreshPolicy,
} from '../../src/auth/refresh-token/decide.js';
import { type TokenPosition } from '../../src/auth/refresh-token/refresh-token.js';

export const T = 1_700_000_000_000;
export const G = 60_000;
export const FLIGHT = G / 8;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const ROTATE: RefreshPolicy = { mode: 'rotate', graceMs: G, idleMs: null, lostResponse: 'reissue' };
export const REUSE: RefreshPolicy = { ...ROTATE, mode: 'reuse' };

/** (3,0) -> (4,0) -> (5,0), the last rotation at T. */
export const FAMILY: FamilyState = {
  status: 'active',
  generation: 5,
  branch: 0,
  rotatedAt: T,
  createdAt: T - DAY,
  idleExpiresAt: null,
  expiresAt: T + 13 * DAY,
  superseded: [
    { generation: 3, branch: 0, at: T - 30_000 },
    { generation: 4, branch: 0, at: T },
  ],
  tokenSeq: 6,
  subject: { active: true, validAfter: 0 },
};

export const TIP = at(5, 0);
export const PARENT = at(4, 0);
export const OLDER = at(3, 0);

/** (5,0) displaced by (5,1) an hour after the rotation. */
export const DISPLACED: FamilyState = { ...FAMILY, ...next(decide(FAMILY, PARENT, T + HOUR, ROTATE)) };

export function at(generation: number, branch: number): TokenPosition {
  return { generation, branch };
}

export function next(decision: Decision): NextState {
  if (!('next' in decision) || decision.next === null) throw new Error(`${decision.kind} writes nothing`);
  return decision.next;
}

export function columnsOf(session: FamilyState): NextState {
  const { generation, branch, rotatedAt, idleExpiresAt, superseded, tokenSeq } = session;
  return { generation, branch, rotatedAt, idleExpiresAt, superseded, tokenSeq };
}

export function ascending(a: TokenPosition, b: TokenPosition): number {
  return a.generation - b.generation || a.branch - b.branch;
}

export function deepFreeze<V extends object>(value: V): V {
  const parts: unknown[] = Object.values(value);
  for (const part of parts) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}

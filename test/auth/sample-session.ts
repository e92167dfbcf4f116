import { randomBytes } from 'node:crypto';
import type { AuthEvent } from '../../src/audit/auth-event.js';
import {
  type NewSession,
  NO_TERMS,
  type Session,
  type SessionChange,
} from '../../src/auth/session/session.js';
import { parseSuperseded, writeSuperseded } from '../../src/auth/session/superseded-text.js';

/** When the sample sessions begin. */
export const T = 1_800_000_000_000;
export const DAY = 86_400_000;

let sessions = 0;

/** A session that no store has yet, with an identifier of its own. */
export const sampleSession = (
  change: Pick<NewSession, 'ownerId' | 'userId'> & Partial<NewSession>,
): NewSession => ({
  id: (++sessions).toString(16).padStart(8, '0') + randomBytes(4).toString('hex'),
  clientId: '客户端',
  secret: randomBytes(32).toString('base64url'),
  pepperId: 'default',
  importedTokenHash: null,
  generation: 0,
  branch: 0,
  tokenSeq: 1,
  rotatedAt: T,
  createdAt: T,
  idleExpiresAt: T + DAY,
  expiresAt: T + 14 * DAY,
  superseded: '[]',
  ip: '2001:db8::1',
  userAgent: `"quoted" 'agent'; -- 😀`,
  firstShareUserId: null,
  secondShareUserId: null,
  ...NO_TERMS,
  ...change,
});

export const SAMPLE_EVENT: Pick<AuthEvent, 'at' | 'detail'> = {
  at: T,
  detail: { ip: '2001:db8::1', why: null },
};

/** What a rotation writes to the session. */
export const successor = (session: Session, change: Partial<SessionChange> = {}): SessionChange => ({
  generation: session.generation + 1,
  branch: 0,
  tokenSeq: session.tokenSeq + 1,
  rotatedAt: T + 1,
  idleExpiresAt: T + DAY + 1,
  firstShareUserId: session.firstShareUserId,
  secondShareUserId: 'second',
  superseded: writeSuperseded([
    ...parseSuperseded(session.superseded),
    { generation: session.generation, branch: session.branch, at: T + 1 },
  ]),
  ...change,
});

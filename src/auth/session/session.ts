import type { FamilyState, NextState } from '../refresh-token/decide.js';
import { parseSuperseded, type SupersededText } from './superseded-text.js';

/** One login on one device: a family of refresh tokens, and the row of `bo_auth_session`. */
export interface Session extends Omit<FamilyState, 'superseded'> {
  /** The family id: 16 lower-case hexadecimal characters. */
  readonly id: string;
  readonly ownerId: string;
  readonly userId: string;
  readonly clientId: string;
  /** Base64url of 32 random bytes; with the pepper, the family's key. */
  readonly secret: string;
  /** The id of the pepper under the family's key; the column `kid`. */
  readonly pepperId: string;
  /** SHA-256 of a token that was issued elsewhere and stands for generation 0, branch 0. */
  readonly importedTokenHash: string | null;
  readonly ip: string;
  readonly userAgent: string;
  readonly firstShareUserId: string | null;
  readonly secondShareUserId: string | null;
  /** Made a list only while it is judged: many sessions are kept in memory, and as text each takes a third. */
  readonly superseded: SupersededText;
}

/** A session as it is opened; its subject is whatever the user and project rows say. */
export type NewSession = Omit<Session, 'subject' | 'status'>;

export type EndReason = 'revoked' | 'reused' | 'expired' | 'evicted' | 'logged-out';

/** What a compare-and-set holds against the row: all that a refresh may have changed meanwhile. */
export type SeenSession = Pick<Session, 'id' | 'ownerId' | 'generation' | 'branch' | 'superseded'>;

/** What a refresh may change of a session. */
export type SessionChange = Pick<
  Session,
  keyof NextState | 'superseded' | 'firstShareUserId' | 'secondShareUserId'
>;

/** The session as the engine judges it. */
export function familyOf(session: Session): FamilyState {
  return {
    status: session.status,
    generation: session.generation,
    branch: session.branch,
    rotatedAt: session.rotatedAt,
    createdAt: session.createdAt,
    idleExpiresAt: session.idleExpiresAt,
    expiresAt: session.expiresAt,
    superseded: parseSuperseded(session.superseded),
    tokenSeq: session.tokenSeq,
    subject: session.subject,
  };
}

/** The session after a change. Written out for the reason that `sessionOf` gives: a spread takes up to 2 µs here. */
export function changed(session: Session, change: SessionChange): Session {
  return {
    id: session.id,
    ownerId: session.ownerId,
    userId: session.userId,
    clientId: session.clientId,
    secret: session.secret,
    pepperId: session.pepperId,
    importedTokenHash: session.importedTokenHash,
    generation: change.generation,
    branch: change.branch,
    tokenSeq: change.tokenSeq,
    rotatedAt: change.rotatedAt,
    createdAt: session.createdAt,
    idleExpiresAt: change.idleExpiresAt,
    expiresAt: session.expiresAt,
    superseded: change.superseded,
    status: session.status,
    ip: session.ip,
    userAgent: session.userAgent,
    firstShareUserId: change.firstShareUserId,
    secondShareUserId: change.secondShareUserId,
    subject: session.subject,
  };
}

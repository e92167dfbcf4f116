import type { FamilyState, NextState } from '../refresh-token/decide.js';
import { parseSuperseded, type SupersededText } from './superseded-text.js';

/** One login on one device: a family of refresh tokens, and the row of `bo_auth_session`. */
export interface Session extends Omit<FamilyState, 'superseded'> {
  readonly subject: FamilyState['subject'] & { readonly projectActive: boolean };
  /** The family id: 16 lower-case hexadecimal characters. */
  readonly id: string;
  readonly ownerId: string;
  readonly userId: string;
  readonly clientId: string;
  /** Base64url of 32 random bytes; the family's key derives from it and the pepper. */
  readonly secret: string;
  /** The id of the pepper under the family's key; the column `kid`. */
  readonly pepperId: string;
  /** SHA-256 of a token that was issued elsewhere and stands for generation 0, branch 0. */
  readonly importedTokenHash: string | null;
  readonly ip: string;
  readonly userAgent: string;
  readonly firstShareUserId: string | null;
  readonly secondShareUserId: string | null;
  /** The SHA-256 thumbprint (RFC 7638) of the key that must sign a proof for each use of the tokens (RFC 9449). */
  readonly dpopJkt: string | null;
  /** The OAuth scope; `null` if none was asked for. */
  readonly scope: string | null;
  /** Opened by a confidential client: only that client, authenticated again, may refresh it. */
  readonly clientAuthenticated: boolean;
  /** Why it has ended, the first reason if there are several; `null` while `status` is `active`. */
  readonly endReason: EndReason | null;
  /** Parsed only while the session is judged: as text, a cached session takes a third of the memory. */
  readonly superseded: SupersededText;
}

/** A session to be opened; its subject comes from the user and project rows. */
export type NewSession = Omit<Session, 'subject' | 'status' | 'endReason'>;

/** What restricts the use of a session's tokens, from its opening to its end. */
export type SessionTerms = Pick<Session, 'dpopJkt' | 'scope' | 'clientAuthenticated'>;

/** The terms of a session whose tokens may be used by whoever holds them. */
export const NO_TERMS: SessionTerms = { dpopJkt: null, scope: null, clientAuthenticated: false };

/** Why a session was ended; the column `end_reason`. */
export type EndReason =
  /** Signed out by its user: this session. */
  | 'revoked'
  /** Signed out by its user: all sessions, or all others. */
  | 'logged-out'
  | 'administrator'
  | 'password-changed'
  | 'account-disabled'
  /** A newer login took its place. */
  | 'evicted'
  /** Idle or absolute end. */
  | 'expired'
  /** A copied refresh token was detected. */
  | 'reused';

/** What a compare-and-set compares with the row: all that another refresh may have changed meanwhile. */
export type SeenSession = Pick<Session, 'id' | 'ownerId' | 'generation' | 'branch' | 'superseded'>;

/** The fields that a refresh may change. */
export type SessionChange = Pick<
  Session,
  keyof NextState | 'superseded' | 'firstShareUserId' | 'secondShareUserId'
>;

/** The session as {@link FamilyState}, for `decide`. */
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
    endReason: session.endReason,
    ip: session.ip,
    userAgent: session.userAgent,
    firstShareUserId: change.firstShareUserId,
    secondShareUserId: change.secondShareUserId,
    dpopJkt: session.dpopJkt,
    scope: session.scope,
    clientAuthenticated: session.clientAuthenticated,
    subject: session.subject,
  };
}

import type { Session } from './session.js';

/** A row as the databases hand it over: Postgres gives a bigint as text. */
export interface SessionRow {
  id: string;
  owner_id: string;
  user_id: string;
  client_id: string;
  secret: string;
  kid: string;
  imported_token_hash: string | null;
  generation: number;
  branch: number;
  token_seq: number;
  rotated_at: number | string;
  created_at: number | string;
  idle_expires_at: number | string | null;
  expires_at: number | string;
  superseded: string;
  status: 'active' | 'ended';
  ip: string;
  user_agent: string;
  first_share_user_id: string | null;
  second_share_user_id: string | null;
  valid_after: number | string;
  user_status: string;
  project_status: string;
}

export function sessionOf(row: SessionRow): Session {
  return {
    id: row.id,
    ownerId: row.owner_id,
    userId: row.user_id,
    clientId: row.client_id,
    secret: row.secret,
    pepperId: row.kid,
    importedTokenHash: row.imported_token_hash,
    generation: row.generation,
    branch: row.branch,
    tokenSeq: row.token_seq,
    rotatedAt: Number(row.rotated_at),
    createdAt: Number(row.created_at),
    idleExpiresAt: row.idle_expires_at === null ? null : Number(row.idle_expires_at),
    expiresAt: Number(row.expires_at),
    superseded: row.superseded,
    status: row.status,
    ip: row.ip,
    userAgent: row.user_agent,
    firstShareUserId: row.first_share_user_id,
    secondShareUserId: row.second_share_user_id,
    subject: {
      active: row.user_status === 'active' && row.project_status === 'active',
      validAfter: Number(row.valid_after),
    },
  };
}

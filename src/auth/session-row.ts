import type { Supersession } from './decide.js';
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

/** `superseded` is a list of `[generation, branch, at]`. */
type SupersededColumn = [generation: number, branch: number, at: number][];

/** What a list was read from or written as: the one that a rotation has seen is the one before has written. */
const columns = new WeakMap<readonly Supersession[], string>();

/** What every session that never rotated has, one for all of them. */
const NONE: readonly Supersession[] = [];

/** @param seen the list that this one was made from: what both hold is not written anew */
export function supersededColumn(
  superseded: readonly Supersession[],
  seen: readonly Supersession[] = NONE,
): string {
  let column = columns.get(superseded);
  if (column === undefined) {
    column = columnAfter(seen, superseded) ?? `[${superseded.map(entryText).join(',')}]`;
    columns.set(superseded, column);
  }
  return column;
}

/**
 * The column of a list that is another's with one entry more, and perhaps its first ones less: sixteen times in
 * figures cost a rotation as much as two signatures do.
 *
 * @returns `null` where the list is not such a one
 */
function columnAfter(seen: readonly Supersession[], next: readonly Supersession[]): string | null {
  const last = next.at(-1);
  const dropped = seen.length - (next.length - 1);
  if (last === undefined || dropped < 0 || dropped >= seen.length) return null;
  if (!seen.every((entry, index) => index < dropped || entry === next[index - dropped])) return null;
  const column = supersededColumn(seen);
  let from = 1;
  for (let i = 0; i < dropped; i++) from = column.indexOf('],[', from) + 2;
  return `[${column.slice(from, -1)},${entryText(last)}]`;
}

function entryText({ generation, branch, at }: Supersession): string {
  return `[${generation},${branch},${at}]`;
}

function supersededOf(column: string): readonly Supersession[] {
  if (column === '[]') return NONE;
  const entries = JSON.parse(column) as SupersededColumn;
  const superseded = entries.map(([generation, branch, at]) => ({ generation, branch, at }));
  columns.set(superseded, column);
  return superseded;
}

export function sessionOf(row: SessionRow): Session {
  return {
    id: row.id,
    ownerId: row.owner_id,
    userId: row.user_id,
    clientId: row.client_id,
    secret: row.secret,
    kid: row.kid,
    importedTokenHash: row.imported_token_hash,
    generation: row.generation,
    branch: row.branch,
    tokenSeq: row.token_seq,
    rotatedAt: Number(row.rotated_at),
    createdAt: Number(row.created_at),
    idleExpiresAt: row.idle_expires_at === null ? null : Number(row.idle_expires_at),
    expiresAt: Number(row.expires_at),
    superseded: supersededOf(row.superseded),
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

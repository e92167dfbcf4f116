import type { SqlTransaction, SqlValue } from '../../database/sql-database.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import type { PublicJwk, SigningAlgorithm } from './signing-algorithm.js';

/**
 * `published`: in the key set and verifying, but not signing (not yet, or no longer). `signing`: the one of its
 * project that signs. `retired`: gone from the key set, its private half deleted.
 */
export type SigningKeyStatus = 'published' | 'signing' | 'retired';

/** A key as its administrators see it; times in ms since the epoch. */
export interface SigningKey {
  readonly ownerId: string;
  /** @see RFC 7638: the thumbprint */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly status: SigningKeyStatus;
  readonly publicJwk: PublicJwk;
  readonly publishedAt: number;
  /** When it began to sign; `null`: it never did. */
  readonly signingAt: number | null;
  readonly retiredAt: number | null;
  /** From when on it may sign without a verifier that has not heard of it; `null`: it signs, or is retired. */
  readonly promotableAt: number | null;
  /** From when on no living token needs it; `null`: it signs, or is retired. */
  readonly retirableAt: number | null;
}

/** How long a verifier may keep a key set (`max-age`), in seconds. */
export const KEY_SET_MAX_AGE_SECONDS = 300;

/** How far the clocks of two processes may be apart. */
const CLOCK_SLACK_MS = 60_000;

/** From its publication until everybody has heard of a key: all processes, then all who keep a key set. */
export const PUBLISH_WAIT_MS = STALENESS_MS + KEY_SET_MAX_AGE_SECONDS * 1000 + CLOCK_SLACK_MS;

/** Until when the tokens live that were signed before `now`; other processes sign on until they hear of it. */
export function lastTokenEnds(now: number, accessTokenSeconds: number): number {
  return now + STALENESS_MS + accessTokenSeconds * 1000 + CLOCK_SLACK_MS;
}

/** A row of `bo_signing_key`; Postgres hands a bigint over as text. */
export interface SigningKeyRow {
  readonly kid: string;
  readonly owner_id: string;
  readonly algorithm: SigningAlgorithm;
  readonly public_jwk: string;
  /** Sealed; `null` once retired. */
  readonly private_key: string | null;
  readonly status: SigningKeyStatus;
  readonly published_at: number | string;
  readonly signing_at: number | string | null;
  /** Until when its last token lives, once it has given way to another. */
  readonly needed_until: number | string | null;
  /** Until when the project's HS256 tokens live, on the key that took over from HS256. */
  readonly hs256_until: number | string | null;
  readonly retired_at: number | string | null;
}

export function signingKey(row: SigningKeyRow): SigningKey {
  const isWaiting = row.status === 'published';
  const publishedAt = Number(row.published_at);
  return {
    ownerId: row.owner_id,
    kid: row.kid,
    algorithm: row.algorithm,
    status: row.status,
    publicJwk: JSON.parse(row.public_jwk) as PublicJwk,
    publishedAt,
    signingAt: time(row.signing_at),
    retiredAt: time(row.retired_at),
    promotableAt: isWaiting ? publishedAt + PUBLISH_WAIT_MS : null,
    retirableAt: isWaiting ? (time(row.needed_until) ?? publishedAt) : null,
  };
}

export function time(value: number | string | null): number | null {
  return value === null ? null : Number(value);
}

/** Writes all columns of a key: one that is new, or over what it was. */
export async function writeSigningKey(transaction: SqlTransaction, row: SigningKeyRow): Promise<void> {
  await transaction.all(
    WRITE,
    COLUMNS.map((column): SqlValue => row[column]),
  );
}

const COLUMNS = [
  'kid',
  'owner_id',
  'algorithm',
  'public_jwk',
  'private_key',
  'status',
  'published_at',
  'signing_at',
  'needed_until',
  'hs256_until',
  'retired_at',
] as const satisfies readonly (keyof SigningKeyRow)[];

const WRITE =
  `INSERT INTO bo_signing_key (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((_, index) => `$${index + 1}`).join(', ')}) ` +
  `ON CONFLICT (kid) DO UPDATE SET ${COLUMNS.slice(4)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}`;

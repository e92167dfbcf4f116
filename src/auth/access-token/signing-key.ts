import type { SqlTransaction, SqlValue } from '../../database/sql-database.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import { CLOCK_SLACK_MS } from '../last-token.js';
import type { PublicJwk, SigningAlgorithm } from './signing-algorithm.js';

/**
 * `published`: in the key set and verifying, but not signing (not yet, or no longer). `signing`: the project's only
 * signing key. `retired`: removed from the key set, its private key deleted.
 */
export type SigningKeyStatus = 'published' | 'signing' | 'retired';

/** A key as administrators see it; times in ms since the epoch. */
export interface SigningKey {
  readonly ownerId: string;
  /** @see RFC 7638: the thumbprint */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly status: SigningKeyStatus;
  readonly publicJwk: PublicJwk;
  readonly publishedAt: number;
  /** When it began to sign; `null` if it never has. */
  readonly signingAt: number | null;
  readonly retiredAt: number | null;
  /** When every verifier knows it, so that it may sign; `null` if it signs or is retired. */
  readonly promotableAt: number | null;
  /** When the last token that it signed has expired; `null` if it signs or is retired. */
  readonly retirableAt: number | null;
}

/** How long a verifier may keep a key set (`max-age`), in seconds. */
export const KEY_SET_MAX_AGE_SECONDS = 300;

/** The time from a key's publication until all processes, and all verifiers that cache a key set, know it. */
export const PUBLISH_WAIT_MS = STALENESS_MS + KEY_SET_MAX_AGE_SECONDS * 1000 + CLOCK_SLACK_MS;

/** A row of `bo_signing_key`; Postgres hands a bigint over as text. */
export interface SigningKeyRow {
  readonly kid: string;
  readonly owner_id: string;
  readonly algorithm: SigningAlgorithm;
  readonly public_jwk: string;
  /** Encrypted; `null` once retired. */
  readonly private_key: string | null;
  readonly status: SigningKeyStatus;
  readonly published_at: number | string;
  readonly signing_at: number | string | null;
  /** When its last token expires, once another key has replaced it. */
  readonly needed_until: number | string | null;
  /** When the project's last HS256 token expires; set on the key that replaced HS256. */
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

/** Inserts a key, or overwrites all columns of an existing one. */
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

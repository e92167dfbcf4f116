import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../config/clock.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { holdRow } from '../../database/hold-row.js';
import { SqlDatabase, type SqlTransaction } from '../../database/sql-database.js';
import { lastTokenEnds } from '../last-token.js';
import { KeyRings } from './key-rings.js';
import { KeySeal } from './key-seal.js';
import { generateSigningKey, publicJwk, type SigningAlgorithm } from './signing-algorithm.js';
import { type SigningKey, signingKey, type SigningKeyRow, time, writeSigningKey } from './signing-key.js';

/** Further writes in the transaction of a change, such as its audit event; not run if nothing changes. */
export type Alongside = (transaction: SqlTransaction, key: SigningKey) => Promise<void>;

export interface ChangeOptions {
  /** Skips the waiting time, for a key that has leaked. Verifiers with an older key set may refuse tokens meanwhile. */
  readonly force?: boolean;
  readonly also?: Alongside;
}

export type Published =
  | { readonly kind: 'published'; readonly key: SigningKey }
  | { readonly kind: 'unknown-project' }
  /** The project already has {@link MAX_KEYS} keys that are not retired. */
  | { readonly kind: 'too-many' };

export type Promoted =
  | { readonly kind: 'promoted'; readonly key: SigningKey; readonly replaced: SigningKey | null }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'already-signing' }
  | { readonly kind: 'retired' }
  /** Some verifiers may not know the key before `at`, ms since the epoch. */
  | { readonly kind: 'too-early'; readonly at: number };

export type Retired =
  | { readonly kind: 'retired'; readonly key: SigningKey }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'already-retired' }
  /** Promote another key first, even with `force`. */
  | { readonly kind: 'still-signing' }
  /** Tokens that it signed may be valid until `at`, ms since the epoch. */
  | { readonly kind: 'too-early'; readonly at: number };

export type Demoted =
  | { readonly kind: 'demoted'; readonly key: SigningKey }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-signing' };

/** Enough for any rotation, and keeps the key set small. */
export const MAX_KEYS = 8;

const FIND_ALL = `SELECT * FROM bo_signing_key WHERE owner_id = $1 ORDER BY published_at, kid`;

/**
 * Rotates the signing keys of a project: publish, wait, promote, wait, retire. A step that could make a verifier
 * refuse a valid token is refused, with the time from which it is safe.
 *
 * A change takes effect immediately in this process, and in others within the staleness bound.
 */
@Injectable()
export class SigningKeys {
  private readonly seal: KeySeal;

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly rings: KeyRings,
    @Inject(CONFIG) { peppers }: Config,
  ) {
    this.seal = new KeySeal(peppers);
  }

  /** All keys of a project, retired ones too, oldest first. */
  async list(ownerId: string): Promise<SigningKey[]> {
    return (await this.database.all<SigningKeyRow>(FIND_ALL, [ownerId])).map(signingKey);
  }

  /**
   * Creates the key with which a new project signs from the start: nobody has a key set of it yet.
   *
   * @returns writes the key, in the transaction that adds the project
   */
  async first(
    { ownerId, accessTokenSeconds }: { readonly ownerId: string; readonly accessTokenSeconds: number },
    algorithm: SigningAlgorithm,
  ): Promise<(transaction: SqlTransaction) => Promise<void>> {
    const row = await this.newKey(ownerId, algorithm);
    const { published_at: now } = row;
    return async (transaction) => {
      // Until they read the key, other processes sign with HS256.
      const hs256Until = lastTokenEnds(now, accessTokenSeconds);
      await writeSigningKey(transaction, {
        ...row,
        status: 'signing',
        signing_at: now,
        hs256_until: hs256Until,
      });
    };
  }

  /** Creates a key and adds it to the project's key set. It verifies, but does not sign yet. */
  async publish(ownerId: string, algorithm: SigningAlgorithm, also?: Alongside): Promise<Published> {
    const row = await this.newKey(ownerId, algorithm);
    return this.change(ownerId, async (transaction, project) => {
      if (project === null) return { kind: 'unknown-project' };
      const keys = await transaction.all<SigningKeyRow>(FIND_ALL, [ownerId]);
      if (keys.filter(({ status }) => status !== 'retired').length >= MAX_KEYS) return { kind: 'too-many' };
      return { kind: 'published', key: await write(transaction, row, also) };
    });
  }

  /** Makes a published key the signing key; the former one stays in the key set until it is retired. */
  promote(ownerId: string, kid: string, { force = false, also }: ChangeOptions = {}): Promise<Promoted> {
    return this.change(ownerId, async (transaction, project) => {
      const keys = await transaction.all<SigningKeyRow>(FIND_ALL, [ownerId]);
      const row = keys.find((key) => key.kid === kid);
      if (row === undefined || project === null) return { kind: 'unknown' };
      if (row.status === 'signing') return { kind: 'already-signing' };
      if (row.status === 'retired') return { kind: 'retired' };
      const now = this.clock.now();
      const { promotableAt } = signingKey(row);
      if (!force && promotableAt !== null && now < promotableAt)
        return { kind: 'too-early', at: promotableAt };

      const ends = lastTokenEnds(now, project.accessTokenSeconds);
      const signing = keys.find(({ status }) => status === 'signing');
      const given = signing === undefined ? null : givenWay(signing, ends);
      // The former key first: a project never has two signing keys.
      if (given !== null) await writeSigningKey(transaction, given);
      const promoted: SigningKeyRow = {
        ...row,
        status: 'signing',
        signing_at: now,
        needed_until: null,
        hs256_until: signing === undefined ? ends : signing.hs256_until,
      };
      return {
        kind: 'promoted',
        key: await write(transaction, promoted, also),
        replaced: given === null ? null : signingKey(given),
      };
    });
  }

  /**
   * Makes the project sign with HS256 again. Every process can verify HS256 already, so there is no waiting time; the
   * former signing key stays in the key set until it is retired.
   */
  demote(ownerId: string, kid: string, { also }: Pick<ChangeOptions, 'also'> = {}): Promise<Demoted> {
    return this.change(ownerId, async (transaction, project) => {
      const keys = await transaction.all<SigningKeyRow>(FIND_ALL, [ownerId]);
      const row = keys.find((key) => key.kid === kid);
      if (row === undefined || project === null) return { kind: 'unknown' };
      if (row.status !== 'signing') return { kind: 'not-signing' };
      const demoted = givenWay(row, lastTokenEnds(this.clock.now(), project.accessTokenSeconds));
      return { kind: 'demoted', key: await write(transaction, demoted, also) };
    });
  }

  /** Removes a key that no longer signs from the key set, and deletes its private key. */
  retire(ownerId: string, kid: string, { force = false, also }: ChangeOptions = {}): Promise<Retired> {
    return this.change(ownerId, async (transaction) => {
      const keys = await transaction.all<SigningKeyRow>(FIND_ALL, [ownerId]);
      const row = keys.find((key) => key.kid === kid);
      if (row === undefined) return { kind: 'unknown' };
      if (row.status === 'signing') return { kind: 'still-signing' };
      if (row.status === 'retired') return { kind: 'already-retired' };
      const now = this.clock.now();
      const neededUntil = time(row.needed_until);
      if (!force && neededUntil !== null && now < neededUntil) return { kind: 'too-early', at: neededUntil };
      const retired: SigningKeyRow = { ...row, status: 'retired', private_key: null, retired_at: now };
      return { kind: 'retired', key: await write(transaction, retired, also) };
    });
  }

  private async newKey(
    ownerId: string,
    algorithm: SigningAlgorithm,
  ): Promise<SigningKeyRow & { readonly published_at: number }> {
    const privateKey = await generateSigningKey(algorithm);
    const jwk = publicJwk(privateKey, algorithm);
    return {
      kid: jwk.kid,
      owner_id: ownerId,
      algorithm,
      public_jwk: JSON.stringify(jwk),
      private_key: this.seal.seal(privateKey, { ownerId, kid: jwk.kid, algorithm }),
      status: 'published',
      published_at: this.clock.now(),
      signing_at: null,
      needed_until: null,
      hs256_until: null,
      retired_at: null,
    };
  }

  private async change<T>(
    ownerId: string,
    work: (transaction: SqlTransaction, project: { accessTokenSeconds: number } | null) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.database.transact(async (transaction) => {
        // Locked, so that the project's keys change one at a time.
        const project = await holdRow<{ access_token_seconds: number }>(transaction, 'bo_project', {
          owner_id: ownerId,
        });
        return work(transaction, project && { accessTokenSeconds: project.access_token_seconds });
      });
    } finally {
      // After a failure too: it is then unknown whether the change was committed.
      this.rings.forget();
    }
  }
}

/** The former signing key, which only verifies until its last token expires. */
function givenWay(signing: SigningKeyRow, ends: number): SigningKeyRow {
  return { ...signing, status: 'published', needed_until: ends };
}

async function write(
  transaction: SqlTransaction,
  row: SigningKeyRow,
  also: Alongside | undefined,
): Promise<SigningKey> {
  await writeSigningKey(transaction, row);
  const key = signingKey(row);
  await also?.(transaction, key);
  return key;
}

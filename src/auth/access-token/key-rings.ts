import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type Awaitable, andThen } from '../../awaitable.js';
import { Clock } from '../../config/clock.js';
import { type Config, ConfigError } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { sealedUnder } from '../../config/secret-seal.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import { keyId, signerOptions } from './access-token-key.js';
import { type AccessTokenSigner, Hs256Signer } from './hs256-signer.js';
import { KeySeal } from './key-seal.js';
import { type PublicJwk, publicJwk } from './signing-algorithm.js';
import { type SigningKeyRow, time } from './signing-key.js';

/** A key in use, ready to sign and verify with its own algorithm only. */
interface OpenedKey {
  readonly row: SigningKeyRow;
  /** `null`: the row could not be opened. */
  readonly opened: { readonly jwt: JwtService; readonly publicJwk: PublicJwk } | null;
}

/** The keys of one project. */
interface KeyRing {
  readonly keys: ReadonlyMap<string, OpenedKey>;
  /** `null`: the project signs with HS256. */
  readonly signing: OpenedKey | null;
}

interface Snapshot {
  readonly readAt: number;
  readonly rings: ReadonlyMap<string, KeyRing>;
}

/** A JWK Set. @see RFC 7517 §5 */
export interface KeySet {
  readonly keys: readonly PublicJwk[];
}

/** A token may name a key that was just published, but made-up key ids must not cause a query each. */
const RELOAD_PAUSE_MS = 1_000;

/** SHA-256 in base64url. No other text can be the id of a key that was just published. */
const THUMBPRINT = /^[\w-]{43}$/;

/**
 * The keys of all projects that sign and verify access tokens, in memory.
 *
 * A project without asymmetric keys signs with HS256 under `JWT_SECRET`. A project with keys accepts HS256 only until
 * its older tokens have expired, because anyone who can verify HS256 can also sign with it.
 *
 * @see RFC 8725 §3.1: a key's algorithm is its own, whatever a token says
 */
@Injectable()
export class KeyRings implements OnApplicationBootstrap {
  private readonly logger = new Logger(KeyRings.name);
  private readonly seal: KeySeal;
  private readonly hs256Signer: Hs256Signer;
  /** The verifiers of `JWT_SECRET`, by `kid`. */
  private readonly hs256: ReadonlyMap<string, JwtService>;
  private snapshot: Snapshot | null = null;
  /** When the database was last asked, with or without an answer. */
  private askedAt = -Infinity;
  private loading: Promise<Snapshot> | null = null;
  private waiting: Promise<Snapshot> | null = null;
  private known: ReadonlyMap<string, OpenedKey> = new Map();

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @Inject(CONFIG) { peppers, jwtSecret, otherJwtSecrets }: Config,
  ) {
    this.seal = new KeySeal(peppers);
    this.hs256Signer = new Hs256Signer(secretKey(jwtSecret), keyId(jwtSecret));
    this.hs256 = new Map(
      [jwtSecret, ...otherJwtSecrets].map((secret) => [keyId(secret), hs256Service(secret)]),
    );
  }

  /** Fails the start if a pepper is wrong or was removed too early, rather than the first request. */
  async onApplicationBootstrap(): Promise<void> {
    const { rings } = await this.load();
    for (const { row, opened } of [...rings.values()].flatMap(({ keys }) => [...keys.values()])) {
      if (opened === null)
        throw new ConfigError(
          `TOKEN_PEPPER: does not open the signing key ${row.kid} of the project ${row.owner_id}, ` +
            `sealed under the pepper ${JSON.stringify(sealedUnder(row.private_key ?? ''))}`,
        );
      await this.sealAgain(row);
    }
  }

  /** @returns the signer of the project's new tokens */
  signer(ownerId: string): Awaitable<AccessTokenSigner> {
    return andThen(this.current(), ({ rings }) => {
      const signing = rings.get(ownerId)?.signing ?? null;
      return signing === null ? this.hs256Signer : usable(signing);
    });
  }

  /** @returns a verifier for this key of the project only, or `null` if the project has no such key in use */
  async verifier(ownerId: string, kid: string): Promise<JwtService | null> {
    const now = this.clock.now();
    const snapshot = await this.current();
    const found = this.find(snapshot, ownerId, kid, now);
    if (found !== null || !(THUMBPRINT.test(kid) || this.hs256.has(kid))) return found;
    const pause = RELOAD_PAUSE_MS - Math.abs(now - this.askedAt);
    if (pause <= 0) return this.find(await this.load(), ownerId, kid, now);
    // The project may just have returned to HS256, which no key set announces; its tokens are valid.
    if (this.hs256.has(kid)) return this.find(await this.loadAfter(pause), ownerId, kid, now);
    return null;
  }

  /** @returns the public keys of a project, or of all; empty where only HS256 is in use */
  async keySet(ownerId: string | null): Promise<KeySet> {
    const { rings } = await this.current();
    const ring = ownerId === null ? undefined : rings.get(ownerId);
    const wanted = ownerId === null ? [...rings.values()] : ring === undefined ? [] : [ring];
    const keys = wanted.flatMap(({ keys }) => [...keys.values()].map((key) => key.opened?.publicJwk));
    return { keys: keys.filter((jwk) => jwk !== undefined) };
  }

  /** Call this after keys have changed. */
  forget(): void {
    this.snapshot = null;
    this.loading = null;
  }

  private find({ rings }: Snapshot, ownerId: string, kid: string, now: number): JwtService | null {
    const ring = rings.get(ownerId);
    const hs256 = this.hs256.get(kid);
    if (hs256 !== undefined) return isHs256Accepted(ring, now) ? hs256 : null;
    const key = ring?.keys.get(kid);
    return key === undefined ? null : usable(key);
  }

  private current(): Awaitable<Snapshot> {
    const { snapshot } = this;
    const now = this.clock.now();
    // A snapshot from the future was read before the clock was set back: its age is unknown.
    if (snapshot !== null && snapshot.readAt <= now && snapshot.readAt >= now - STALENESS_MS) return snapshot;
    return this.load();
  }

  /** Queries the database; concurrent callers share one query. */
  private load(): Promise<Snapshot> {
    if (this.loading !== null) return this.loading;
    const loading = this.read()
      .then((snapshot) => {
        // A snapshot read before `forget` goes to the callers that waited for it, but is not kept.
        if (this.loading === loading) this.snapshot = snapshot;
        return snapshot;
      })
      .finally(() => {
        if (this.loading === loading) this.loading = null;
      });
    this.loading = loading;
    return loading;
  }

  /** Queries the database after the pause; concurrent callers share one query. */
  private loadAfter(pause: number): Promise<Snapshot> {
    this.waiting ??= setTimeout(pause)
      .then(() => this.load())
      .finally(() => (this.waiting = null));
    return this.waiting;
  }

  private async read(): Promise<Snapshot> {
    const readAt = this.clock.now();
    this.askedAt = readAt;
    const rows = await this.database.all<SigningKeyRow>(
      `SELECT * FROM bo_signing_key WHERE status <> 'retired' ORDER BY published_at, kid`,
      [],
    );
    const rings = new Map<string, { keys: Map<string, OpenedKey>; signing: OpenedKey | null }>();
    const known = new Map<string, OpenedKey>();
    for (const row of rows) {
      const key = this.open(row);
      known.set(row.kid, key);
      const ring = rings.get(row.owner_id) ?? { keys: new Map(), signing: null };
      rings.set(row.owner_id, ring);
      ring.keys.set(row.kid, key);
      if (row.status === 'signing') ring.signing = key;
    }
    this.known = known;
    return { readAt, rings };
  }

  /** Opens a key, or reuses it if it was opened before. */
  private open(row: SigningKeyRow): OpenedKey {
    const before = this.known.get(row.kid);
    if (before !== undefined && isSameKey(before.row, row)) return { row, opened: before.opened };
    const { owner_id: ownerId, kid, algorithm } = row;
    const privateKey = this.seal.open(row.private_key ?? '', { ownerId, kid, algorithm });
    // Derived from the sealed private key and not read from the column, so that writing a row cannot add a key.
    const jwk = privateKey === null ? null : publicJwk(privateKey, algorithm);
    if (privateKey === null || jwk?.kid !== kid) {
      this.logger.error({ ownerId, kid }, 'a signing key cannot be opened: is its pepper in TOKEN_PEPPER?');
      return { row, opened: null };
    }
    const publicKey = createPublicKey(privateKey);
    const jwt = new JwtService({ privateKey, publicKey, ...signerOptions(algorithm, kid) });
    return { row, opened: { jwt, publicJwk: jwk } };
  }

  /** Seals a key again under the current pepper, so that the older pepper can be removed. */
  private async sealAgain(row: SigningKeyRow): Promise<void> {
    const { private_key: sealed, owner_id: ownerId, kid, algorithm } = row;
    if (sealed === null || !this.seal.isOutdated(sealed)) return;
    const sealedFor = { ownerId, kid, algorithm };
    const privateKey = this.seal.open(sealed, sealedFor);
    if (privateKey === null) return;
    await this.database.transact((transaction) =>
      transaction.all('UPDATE bo_signing_key SET private_key = $1 WHERE kid = $2 AND private_key = $3', [
        this.seal.seal(privateKey, sealedFor),
        kid,
        sealed,
      ]),
    );
  }
}

function isSameKey(one: SigningKeyRow, other: SigningKeyRow): boolean {
  return (
    one.private_key === other.private_key &&
    one.owner_id === other.owner_id &&
    one.algorithm === other.algorithm
  );
}

/** A key object: given a string, jsonwebtoken tries at each call to parse it as a private key. */
function secretKey(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret, 'utf8'));
}

function hs256Service(secret: string): JwtService {
  return new JwtService({ secret: secretKey(secret), ...signerOptions('HS256', keyId(secret)) });
}

function isHs256Accepted(ring: KeyRing | undefined, now: number): boolean {
  if (ring === undefined || ring.signing === null) return true;
  const until = time(ring.signing.row.hs256_until);
  return until !== null && now < until;
}

/** A key that cannot be opened is a fault of the service: on a 401 the client would discard its token. */
function usable({ row, opened }: OpenedKey): JwtService {
  if (opened === null)
    throw errors.UNAVAILABLE({ detail: `the signing key ${row.kid} cannot be opened`, retryAfter: 5 });
  return opened.jwt;
}

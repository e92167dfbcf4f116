import { Column, Entity, PrimaryColumn } from 'typeorm';
import { epochMs, nullableList } from '../../database/column-types.js';
import type { Language } from '../../response/error/language.js';
import type { StatusMode } from '../../response/error/response-settings.js';
import type { VerificationProfile } from '../verification/verification-profile.js';

/** A hash that no password has, and that takes as long to verify as one that was imported. */
export interface PasswordDecoy {
  /** As in `passwordFormat` of a user. */
  readonly format: string;
  readonly hash: string;
}

/** A tenant: one customer's back office. Everything except areas belongs to exactly one project. */
@Entity('bo_project')
export class Project {
  /** The `XownerId` header. Compared byte by byte: `Acme` and `acme` are different tenants. */
  @PrimaryColumn({ name: 'owner_id', type: 'varchar', length: 64 })
  ownerId!: string;

  @Column({ type: 'varchar', length: 128 })
  name!: string;

  @Column({ type: 'varchar', length: 16 })
  status!: 'active' | 'disabled';

  @Column({ name: 'status_mode', type: 'varchar', length: 16 })
  statusMode!: StatusMode;

  /** The language of error messages for callers whose `Accept-Language` prefers none. */
  @Column({ type: 'varchar', length: 8 })
  language!: Language;

  /** IANA name of the zone for local times, such as the `expires` field of an answer. */
  @Column({ name: 'time_zone', type: 'varchar', length: 64 })
  timeZone!: string;

  @Column({ name: 'access_token_seconds', type: 'integer' })
  accessTokenSeconds!: number;

  /** When the last token of an earlier, longer `accessTokenSeconds` has expired (ms since the epoch). */
  @Column({ name: 'former_tokens_until', ...epochMs, nullable: true })
  formerTokensUntil?: number | null;

  @Column({ name: 'refresh_policy', type: 'varchar', length: 16 })
  refreshPolicy!: 'reuse' | 'rotate';

  @Column({ name: 'grace_seconds', type: 'integer' })
  graceSeconds!: number;

  /** Idle lifetime: a session ends if it is not refreshed for this long. `null` if only the absolute lifetime applies. */
  @Column({ name: 'idle_seconds', type: 'integer', nullable: true })
  idleSeconds!: number | null;

  @Column({ name: 'absolute_seconds', type: 'integer' })
  absoluteSeconds!: number;

  /** What happens when a client presents a superseded token after the grace window and its successor was never used. */
  @Column({ name: 'lost_response', type: 'varchar', length: 16 })
  lostResponse!: 'reissue' | 'revoke';

  /** Maximum active sessions of a user. `null` if unlimited. */
  @Column({ name: 'max_sessions', type: 'integer', nullable: true })
  maxSessions!: number | null;

  /** Maximum active sessions of a user with one `clientId`. `null` if unlimited. */
  @Column({ name: 'max_sessions_per_client', type: 'integer', nullable: true })
  maxSessionsPerClient!: number | null;

  /** What a login does when the user has as many sessions as allowed: end the oldest, or be refused. */
  @Column({ name: 'when_full', type: 'varchar', length: 16 })
  whenFull!: 'replace' | 'refuse';

  /** How many failed logins from one network lock a user there; 0: any number. */
  @Column({ name: 'login_max_failures', type: 'integer' })
  loginMaxFailures!: number;

  /** For how long a failed login counts, and for how long the lock lasts. */
  @Column({ name: 'login_lock_seconds', type: 'integer' })
  loginLockSeconds!: number;

  /** Origins whose pages may read this project's responses, in addition to `CORS_ORIGINS`. `null`: none. */
  @Column({ name: 'allowed_origins', ...nullableList })
  allowedOrigins!: string[] | null;

  /** Where login and refresh put the refresh token: into the body, or into a cookie that no script can read. */
  @Column({ name: 'refresh_token_in', type: 'varchar', length: 16 })
  refreshTokenIn!: 'body' | 'cookie';

  @Column({ name: 'cookie_same_site', type: 'varchar', length: 16 })
  cookieSameSite!: 'strict' | 'lax' | 'none';

  /** Whether a login asks for a second factor: of nobody, of users who have enrolled, or of everybody. */
  @Column({ name: 'second_factor', type: 'varchar', length: 16 })
  secondFactor!: 'off' | 'optional' | 'required';

  /** In characters. These rules are for passwords that users choose, not for those that administrators set. */
  @Column({ name: 'password_min_length', type: 'integer' })
  passwordMinLength!: number;

  /** Of lower-case letters, upper-case letters, digits and others. */
  @Column({ name: 'password_min_classes', type: 'integer' })
  passwordMinClasses!: number;

  /** After this, a password must be changed before the next login. `null`: never. */
  @Column({ name: 'password_max_age_days', type: 'integer', nullable: true })
  passwordMaxAgeDays!: number | null;

  /** From how many passwords a new one must differ, including the present one. */
  @Column({ name: 'password_history', type: 'integer' })
  passwordHistory!: number;

  /** Whether common passwords and the user's own names are refused. */
  @Column({ name: 'password_blocklist', type: 'varchar', length: 8 })
  passwordBlocklist!: 'on' | 'off';

  /** Whether users must change a password that an administrator has set. */
  @Column({ name: 'first_login_change', type: 'varchar', length: 8 })
  firstLoginChange!: 'on' | 'off';

  /** One for each kind of hash that users of the project may still have, other than our own. `null`: none. */
  @Column({ name: 'password_decoys', ...nullableList })
  passwordDecoys!: readonly PasswordDecoy[] | null;

  /** The `iss` of access tokens: the documented `RG3`, or the URL of the project's OAuth endpoints. */
  @Column({ type: 'varchar', length: 8, default: 'fixed' })
  issuer!: 'fixed' | 'url';

  /** The `aud` of access tokens. */
  @Column({ type: 'varchar', length: 256, default: 'api' })
  audience!: string;

  /** The `aud` before the last change of it: tokens that are already out stay good. */
  @Column({ name: 'former_audience', type: 'varchar', length: 256, nullable: true })
  formerAudience?: string | null;

  /** Who may introspect tokens by the documented call: whoever knows the verify key, or confidential clients. */
  @Column({ type: 'varchar', length: 8, default: 'open' })
  introspection!: 'open' | 'client';

  /** Whether a DPoP proof must contain a nonce of ours. */
  @Column({ name: 'dpop_nonce', type: 'varchar', length: 8, default: 'off' })
  dpopNonce!: 'on' | 'off';

  @Column({ name: 'verify_cipher', type: 'varchar', length: 16 })
  verifyCipher!: VerificationProfile['cipher'];

  /** As it is stored: `VerifyKeySeal` opens it. */
  @Column({ name: 'verify_key', type: 'varchar', length: 2048 })
  verifyKey!: string;

  @Column({ name: 'verify_iv', type: 'varchar', length: 64, nullable: true })
  verifyIv!: string | null;

  @Column({ name: 'verify_padding', type: 'varchar', length: 16, default: 'pkcs7' })
  verifyPadding!: VerificationProfile['padding'];

  @Column({ name: 'verify_encoding', type: 'varchar', length: 16 })
  verifyEncoding!: VerificationProfile['encoding'];

  @Column({ name: 'verify_skew_seconds', type: 'integer' })
  verifySkewSeconds!: number;

  @Column({ name: 'verify_stamp_required', type: 'boolean' })
  verifyStampRequired!: boolean;

  /** The profile before the last key change, still accepted until `verifyPreviousUntil`. */
  @Column({ name: 'verify_previous_cipher', type: 'varchar', length: 16, nullable: true })
  verifyPreviousCipher?: VerificationProfile['cipher'] | null;

  @Column({ name: 'verify_previous_key', type: 'varchar', length: 2048, nullable: true })
  verifyPreviousKey?: string | null;

  @Column({ name: 'verify_previous_iv', type: 'varchar', length: 64, nullable: true })
  verifyPreviousIv?: string | null;

  @Column({ name: 'verify_previous_padding', type: 'varchar', length: 16, nullable: true })
  verifyPreviousPadding?: VerificationProfile['padding'] | null;

  /** ms since the epoch */
  @Column({ name: 'verify_previous_until', ...epochMs, nullable: true })
  verifyPreviousUntil?: number | null;

  @Column({ name: 'created_at', ...epochMs })
  createdAt!: number;
}

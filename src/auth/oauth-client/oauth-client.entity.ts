import { Column, Entity, PrimaryColumn } from 'typeorm';
import { epochMs, stringList } from '../../database/column-types.js';

export const GRANT_TYPES = ['password', 'refresh_token', 'client_credentials'] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** A service whose token has this scope may open sessions for users. */
export const GRANT_SCOPE = 'grant';

/**
 * An application that is registered for the OAuth endpoints of a project. Not to be confused with `Client`, the sender of
 * a request.
 *
 * @see RFC 6749 §2
 */
@Entity('bo_client')
export class OAuthClient {
  @PrimaryColumn({ name: 'owner_id', type: 'varchar', length: 64 })
  ownerId!: string;

  @PrimaryColumn({ name: 'client_id', type: 'varchar', length: 64 })
  clientId!: string;

  @Column({ type: 'varchar', length: 128 })
  name!: string;

  /** `confidential`: it has a secret, and authenticates itself. @see RFC 6749 §2.1 */
  @Column({ type: 'varchar', length: 16 })
  type!: 'public' | 'confidential';

  @Column(stringList)
  grants!: GrantType[];

  /** The scopes that its tokens may have; all of them if it asks for none in particular. */
  @Column(stringList)
  scopes!: string[];

  /** `required`: its sessions are bound to a key. @see RFC 9449 §5.2 */
  @Column({ type: 'varchar', length: 16 })
  dpop!: 'optional' | 'required';

  /** SHA-256, 64 hexadecimal digits: a secret has 256 random bits. `null`: a public client. */
  @Column({ name: 'secret_hash', type: 'varchar', length: 64, nullable: true })
  secretHash!: string | null;

  /** The former secret, accepted until `previousSecretUntil`. */
  @Column({ name: 'previous_secret_hash', type: 'varchar', length: 64, nullable: true })
  previousSecretHash!: string | null;

  @Column({ name: 'previous_secret_until', ...epochMs, nullable: true })
  previousSecretUntil!: number | null;

  @Column({ name: 'created_at', ...epochMs })
  createdAt!: number;
}

import { Column, Entity, PrimaryColumn } from 'typeorm';
import { epochMs, stringList } from '../../database/column-types.js';

/** A user of one project. */
@Entity('bo_user')
export class User {
  @PrimaryColumn({ name: 'owner_id', type: 'varchar', length: 64 })
  ownerId!: string;

  @PrimaryColumn({ name: 'user_id', type: 'varchar', length: 64 })
  userId!: string;

  /** The login name; unique within the project. */
  @Column({ name: 'user_name', type: 'varchar', length: 64 })
  userName!: string;

  /** An argon2id PHC string, unless `passwordFormat` says otherwise. */
  @Column({ name: 'password_hash', type: 'varchar', length: 256 })
  passwordHash!: string;

  /** How an imported hash was made. `null` once it was replaced by one of our own. */
  @Column({ name: 'password_format', type: 'varchar', length: 256, nullable: true })
  passwordFormat!: string | null;

  /** The salt of an imported hash, where it is not part of the hash. */
  @Column({ name: 'password_salt', type: 'varchar', length: 256, nullable: true })
  passwordSalt!: string | null;

  /** The login name when the hash was imported, which it may cover. */
  @Column({ name: 'password_user_name', type: 'varchar', length: 64, nullable: true })
  passwordUserName!: string | null;

  /** The user has to change the password before the next login. */
  @Column({ name: 'must_change_password', type: 'boolean' })
  mustChangePassword!: boolean;

  /** When the password was set or imported, ms since the epoch. `null`: before this was recorded. */
  @Column({ name: 'password_set_at', ...epochMs, nullable: true })
  passwordSetAt!: number | null;

  @Column({ type: 'varchar', length: 16 })
  status!: 'active' | 'disabled';

  /** Sessions that began before this moment are no longer valid; "log out everywhere" sets it to now. */
  @Column({ name: 'valid_after', ...epochMs })
  validAfter!: number;

  /** The default `clientId` of a login. */
  @Column({ name: 'client_id', type: 'varchar', length: 64 })
  clientId!: string;

  @Column({ name: 'push_name', type: 'varchar', length: 128 })
  pushName!: string;

  @Column({ name: 'role_id', ...stringList })
  roleId!: string[];

  @Column({ name: 'dep_id', ...stringList })
  depId!: string[];

  /** The areas that the user is restricted to; empty if unrestricted. */
  @Column({ name: 'area_code', ...stringList })
  areaCode!: string[];

  @Column({ name: 'job_id', ...stringList })
  jobId!: string[];

  /** The systems that the user is restricted to; empty if unrestricted. */
  @Column({ name: 'sys_id', ...stringList })
  sysId!: string[];

  @Column({ name: 'merge_user_id', ...stringList })
  mergeUserId!: string[];

  @Column({ type: 'integer' })
  developer!: 0 | 1;

  @Column({ name: 'open_id', type: 'varchar', length: 128, default: '' })
  openId!: string;

  @Column({ name: 'wb_id', type: 'varchar', length: 128, default: '' })
  wbId!: string;

  @Column({ name: 'wx_open_id', type: 'varchar', length: 128, default: '' })
  wxOpenId!: string;

  @Column({ name: 'wx_union_id', type: 'varchar', length: 128, default: '' })
  wxUnionId!: string;

  @Column({ type: 'varchar', length: 32, default: '' })
  telephone!: string;

  @Column({ name: 'head_icon', type: 'varchar', length: 512, default: '' })
  headIcon!: string;

  @Column({ name: 'created_at', ...epochMs })
  createdAt!: number;
}

import {
  columnsOf,
  type SharedSelect,
  SqlDatabase,
  SqlTransaction,
  SqlValue,
} from '../../database/sql-database.js';

/** Whose second factor it is. */
export interface Holder {
  readonly ownerId: string;
  readonly userId: string;
}

/** The second factor of a user, as stored. */
export interface StoredSecondFactor extends Holder {
  /** `enrolling`: not asked for until the first code has confirmed it. */
  readonly status: 'enrolling' | 'enrolled';
  /** The TOTP secret, encrypted. */
  readonly secret: string;
  /** The time step of the newest code that was used; 0: none. */
  readonly lastStep: number;
  /** Hashes of the recovery codes that are left. */
  readonly recoveryCodes: readonly string[];
}

interface Row {
  readonly owner_id: string;
  readonly user_id: string;
  readonly status: StoredSecondFactor['status'];
  readonly secret: string;
  readonly last_step: number | string;
  readonly recovery_codes: string;
}

const BY_USER: SharedSelect = {
  columns: columnsOf(['owner_id', 'user_id', 'status', 'secret', 'last_step', 'recovery_codes']),
  from: 'bo_second_factor',
  joins: '',
  by: ['owner_id', 'user_id'],
};

/** Nothing has changed since it was read: two requests cannot use one code. */
const AS_SEEN =
  'owner_id = $1 AND user_id = $2 AND status = $3 AND secret = $4 AND last_step = $5 AND recovery_codes = $6';

const REPLACE = `
  UPDATE bo_second_factor SET status = $7, secret = $8, last_step = $9, recovery_codes = $10
  WHERE ${AS_SEEN} RETURNING user_id`;

const REMOVE = `DELETE FROM bo_second_factor WHERE ${AS_SEEN} RETURNING user_id`;

const RESET = `DELETE FROM bo_second_factor WHERE owner_id = $1 AND user_id = $2 RETURNING status`;

/** Overwrites an enrolment that was not confirmed. */
const BEGIN = `
  INSERT INTO bo_second_factor (owner_id, user_id, status, secret, last_step, recovery_codes, created_at)
  VALUES ($1, $2, 'enrolling', $3, 0, '[]', $4)
  ON CONFLICT (owner_id, user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
  WHERE bo_second_factor.status = 'enrolling'
  RETURNING user_id`;

/** Of the users $2, …, those who are enrolled. */
const enrolled = (count: number) => `
  SELECT user_id FROM bo_second_factor
  WHERE owner_id = $1 AND status = 'enrolled'
    AND user_id IN (${Array.from({ length: count }, (_, index) => `$${index + 2}`).join(', ')})`;

export async function findSecondFactor(
  database: SqlDatabase,
  { ownerId, userId }: Holder,
): Promise<StoredSecondFactor | null> {
  const row = await database.find<Row>(BY_USER, [ownerId, userId]);
  if (row === null) return null;
  return {
    ownerId,
    userId,
    status: row.status,
    secret: row.secret,
    lastStep: Number(row.last_step),
    recoveryCodes: JSON.parse(row.recovery_codes) as string[],
  };
}

/** @param userIds those of one page */
export async function enrolledAmong(
  database: SqlDatabase,
  ownerId: string,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set();
  const rows = await database.all<Pick<Row, 'user_id'>>(enrolled(userIds.length), [ownerId, ...userIds]);
  return new Set(rows.map((row) => row.user_id));
}

/** @returns `false` if the user is enrolled already */
export async function beginEnrolment(
  transaction: SqlTransaction,
  { ownerId, userId }: Holder,
  secret: string,
  now: number,
): Promise<boolean> {
  return (await transaction.all(BEGIN, [ownerId, userId, secret, now])).length > 0;
}

/** @returns `false` if it is no longer as it was seen; nothing is then written */
export async function replaceSecondFactor(
  transaction: SqlTransaction,
  seen: StoredSecondFactor,
  next: StoredSecondFactor,
): Promise<boolean> {
  const [, , ...values] = valuesOf(next);
  return (await transaction.all(REPLACE, [...valuesOf(seen), ...values])).length > 0;
}

/** @returns `false` if it is no longer as it was seen */
export async function removeSecondFactor(
  transaction: SqlTransaction,
  seen: StoredSecondFactor,
): Promise<boolean> {
  return (await transaction.all(REMOVE, valuesOf(seen))).length > 0;
}

/** Removes it in whatever state it is. @returns whether the user was enrolled */
export async function resetSecondFactor(
  transaction: SqlTransaction,
  { ownerId, userId }: Holder,
): Promise<boolean> {
  const [row] = await transaction.all<Pick<Row, 'status'>>(RESET, [ownerId, userId]);
  return row?.status === 'enrolled';
}

function valuesOf(factor: StoredSecondFactor): SqlValue[] {
  const { ownerId, userId, status, secret, lastStep, recoveryCodes } = factor;
  return [ownerId, userId, status, secret, lastStep, JSON.stringify(recoveryCodes)];
}

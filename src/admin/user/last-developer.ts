import { holdRow } from '../../database/hold-row.js';
import type { SqlTransaction } from '../../database/sql-database.js';
import type { User } from '../../tenancy/user/user.entity.js';

const OTHER_DEVELOPER = `
  SELECT user_id FROM bo_user
  WHERE owner_id = $1 AND user_id <> $2 AND developer = 1 AND status = 'active' LIMIT 1`;

export const isDeveloper = ({ developer, status }: Pick<User, 'developer' | 'status'>): boolean =>
  developer === 1 && status === 'active';

/** The project's row is locked, so that two developers cannot demote each other at the same time. */
export async function isLastDeveloper(
  transaction: SqlTransaction,
  { ownerId, userId }: Pick<User, 'ownerId' | 'userId'>,
): Promise<boolean> {
  await holdRow(transaction, 'bo_project', { owner_id: ownerId });
  return (await transaction.all(OTHER_DEVELOPER, [ownerId, userId])).length === 0;
}

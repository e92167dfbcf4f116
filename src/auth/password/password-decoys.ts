import { holdRow } from '../../database/hold-row.js';
import type { SqlDatabase, SqlTransaction } from '../../database/sql-database.js';
import { decoyCost } from './password-formats.js';
import type { PasswordDecoy } from '../../tenancy/project/project.entity.js';

/** Every refused login takes as long as all decoys of its project together. Further kinds of hashes have none. */
const MAX_DECOYS = 8;
/** Unless there is only one. */
const MAX_COST_MS = 1_000;

interface ProjectRow {
  readonly password_decoys: string | null;
}

const SET = 'UPDATE bo_project SET password_decoys = $2 WHERE owner_id = $1';
const WITH_DECOYS = 'SELECT owner_id FROM bo_project WHERE password_decoys IS NOT NULL';
const FORMATS = `
  SELECT DISTINCT password_format AS format FROM bo_user WHERE owner_id = $1 AND password_format IS NOT NULL`;

/**
 * Adds the decoy of a hash that the transaction imports. The project's row stays locked until the transaction ends, so
 * that the decoy is not dropped before its user is there.
 *
 * @returns whether the project has changed
 */
export async function addDecoy(
  transaction: SqlTransaction,
  ownerId: string,
  decoy: PasswordDecoy,
): Promise<boolean> {
  const decoys = await heldDecoys(transaction, ownerId);
  if (decoys.some((each) => each.hash === decoy.hash && each.format === decoy.format)) return false;
  const cost = decoys.reduce((sum, each) => sum + decoyCost(each), decoyCost(decoy));
  if (decoys.length >= MAX_DECOYS || (decoys.length > 0 && cost > MAX_COST_MS)) return false;
  await transaction.all(SET, [ownerId, JSON.stringify([...decoys, decoy])]);
  return true;
}

/**
 * Drops the decoys of formats that no user of their project has any more.
 *
 * @returns the projects that have changed
 */
export async function dropDecoys(database: SqlDatabase): Promise<string[]> {
  const changed: string[] = [];
  for (const { owner_id: ownerId } of await database.all<{ owner_id: string }>(WITH_DECOYS, [])) {
    const dropped = await database.transact(async (transaction) => {
      const decoys = await heldDecoys(transaction, ownerId);
      const formats = await transaction.all<{ format: string }>(FORMATS, [ownerId]);
      const kept = decoys.filter((decoy) => formats.some(({ format }) => format === decoy.format));
      if (kept.length === decoys.length) return false;
      await transaction.all(SET, [ownerId, kept.length === 0 ? null : JSON.stringify(kept)]);
      return true;
    });
    if (dropped) changed.push(ownerId);
  }
  return changed;
}

async function heldDecoys(transaction: SqlTransaction, ownerId: string): Promise<PasswordDecoy[]> {
  const project = await holdRow<ProjectRow>(transaction, 'bo_project', { owner_id: ownerId });
  return JSON.parse(project?.password_decoys ?? '[]') as PasswordDecoy[];
}

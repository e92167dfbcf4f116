import type { SqlTransaction } from './sql-database.js';

/**
 * Reads one row and locks it until the transaction ends. The transaction then decides on what it has read itself, never
 * on what another connection has read.
 *
 * @param key column = value, together the primary key
 */
export async function holdRow<Row>(
  transaction: SqlTransaction,
  table: string,
  key: Readonly<Record<string, string>>,
): Promise<Row | null> {
  const conditions = Object.keys(key).map((column, index) => `${column} = $${index + 1}`);
  const [row] = await transaction.all<Row>(
    `SELECT * FROM ${table} WHERE ${conditions.join(' AND ')} ${transaction.forUpdate}`,
    Object.values(key),
  );
  return row ?? null;
}

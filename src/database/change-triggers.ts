import type { QueryRunner } from 'typeorm';

/** Rows that processes keep copies of for longer than `STALENESS_MS`; each with a user is unique by its name as well. */
const TABLES = [
  { name: 'bo_project', userId: 'NULL', isReplaced: '' },
  {
    name: 'bo_user',
    userId: 'user_id',
    isReplaced: 'AND (user_id = NEW.user_id OR user_name = NEW.user_name)',
  },
] as const;

/**
 * These triggers note each changed project or user in `bo_change`, no matter who changes it or how. One statement escapes
 * them: `UPDATE OR REPLACE` on SQLite removes other rows silently.
 *
 * The former key is logged, which finds every copy: a copy by the new key would be of a row that was logged itself when
 * it gave up the key.
 */
export const CHANGE_TRIGGERS = {
  sqlite: {
    count: 3 * TABLES.length,
    /** A query for the number of triggers in force. */
    inForce: `SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'bo_change_%'`,
  },
  postgres: {
    count: 2 * TABLES.length,
    inForce: `
      SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'bo_change_%' AND tgenabled IN ('O', 'A')
      AND tgrelid IN (${TABLES.map(({ name }) => `'${name}'::regclass`).join(', ')})`,
  },
} as const;

type Kind = keyof typeof CHANGE_TRIGGERS;

/**
 * Creates the triggers, again if they exist. Call this in a migration after each change that may have dropped them: on
 * SQLite, whatever copies a table (TypeORM's `addColumn`, `changeColumn`, …) drops its triggers.
 */
export async function createChangeTriggers(queryRunner: QueryRunner): Promise<void> {
  await dropChangeTriggers(queryRunner);
  const statements = kindOf(queryRunner) === 'sqlite' ? TABLES.flatMap(onSqlite) : onPostgres;
  for (const statement of statements) await queryRunner.query(statement);
  // Whatever changed while there were none: processes take an entry without a key for a gap.
  await queryRunner.query('INSERT INTO bo_change (owner_id, user_id) VALUES (NULL, NULL)');
}

export async function dropChangeTriggers(queryRunner: QueryRunner): Promise<void> {
  const isSqlite = kindOf(queryRunner) === 'sqlite';
  for (const { name } of TABLES)
    for (const event of isSqlite ? ['update', 'delete', 'insert'] : ['row', 'truncate'])
      await queryRunner.query(
        `DROP TRIGGER IF EXISTS ${triggerName(name, event)} ${isSqlite ? '' : `ON ${name}`}`,
      );
}

export async function hasChangeTriggers(queryRunner: QueryRunner): Promise<boolean> {
  const { count, inForce } = CHANGE_TRIGGERS[kindOf(queryRunner)];
  const [row] = (await queryRunner.query(`SELECT (${inForce}) AS found`)) as { found: number | string }[];
  // More are those of a later release.
  return Number(row?.found) >= count;
}

function onSqlite({ name, userId, isReplaced }: (typeof TABLES)[number]): string[] {
  const log = 'INSERT INTO bo_change (owner_id, user_id)';
  const old = `${log} VALUES (OLD.owner_id, ${userId === 'NULL' ? userId : `OLD.${userId}`})`;
  return [
    `CREATE TRIGGER ${triggerName(name, 'update')} AFTER UPDATE ON ${name} BEGIN ${old}; END`,
    `CREATE TRIGGER ${triggerName(name, 'delete')} AFTER DELETE ON ${name} BEGIN ${old}; END`,
    // For INSERT OR REPLACE, which deletes rows without the trigger of a deletion.
    `CREATE TRIGGER ${triggerName(name, 'insert')} BEFORE INSERT ON ${name} BEGIN
      ${log} SELECT owner_id, ${userId} FROM ${name} WHERE owner_id = NEW.owner_id ${isReplaced};
    END`,
  ];
}

/**
 * The function runs as the owner of the tables: a role that may change users need not have a right to the log. So it
 * names the schema, which is that of the changed table, since another role's search path might lead elsewhere. TRUNCATE
 * has no row, so it logs an entry without a key.
 */
const onPostgres = [
  `CREATE OR REPLACE FUNCTION bo_log_change() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      EXECUTE format('INSERT INTO %I.bo_change (owner_id, user_id) VALUES ($1, $2)', TG_TABLE_SCHEMA)
        USING to_jsonb(OLD) ->> 'owner_id', to_jsonb(OLD) ->> 'user_id';
      RETURN NULL;
    END $$`,
  // Nobody else may put it on a table of their own.
  'REVOKE ALL ON FUNCTION bo_log_change() FROM PUBLIC',
  ...TABLES.flatMap(({ name }) => [
    `CREATE TRIGGER ${triggerName(name, 'row')} AFTER UPDATE OR DELETE ON ${name}
      FOR EACH ROW EXECUTE FUNCTION bo_log_change()`,
    `CREATE TRIGGER ${triggerName(name, 'truncate')} AFTER TRUNCATE ON ${name}
      FOR EACH STATEMENT EXECUTE FUNCTION bo_log_change()`,
  ]),
];

function triggerName(table: string, event: string): string {
  return `bo_change_${table.slice('bo_'.length)}_${event}`;
}

function kindOf({ connection }: QueryRunner): Kind {
  return connection.options.type === 'postgres' ? 'postgres' : 'sqlite';
}

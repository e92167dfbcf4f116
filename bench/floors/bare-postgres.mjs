// @ts-check
/**
 * Floor: the documented refresh over bare `node:http`. Each refresh rotates its session with one `UPDATE … RETURNING` in
 * Postgres, a prepared statement on a small pool.
 *
 * `node bench/floors/bare-postgres.mjs --port 8000 --sessions 256 --database postgres://…`
 */
import { parseArgs } from 'node:util';
import { Pool } from 'pg';
import { bareListener, OPTIONS, seededSessions, serve } from './bare-answer.mjs';

const { values } = parseArgs({
  options: {
    ...OPTIONS,
    database: { type: 'string', default: 'postgres://localhost/postgres' },
  },
});
const sessions = seededSessions(Number(values.sessions));
const pool = new Pool({ connectionString: values.database, max: 10 });
await pool.query('DROP TABLE IF EXISTS floor_session');
await pool.query(
  `CREATE TABLE floor_session (id bigint PRIMARY KEY, token text NOT NULL, generation integer NOT NULL,
     rotated_at bigint NOT NULL, superseded text NOT NULL, about text NOT NULL,
     status text NOT NULL DEFAULT 'active') WITH (fillfactor = 70)`,
);
await pool.query(
  `INSERT INTO floor_session (id, token, generation, rotated_at, superseded, about)
     SELECT i, '', 0, 0, '', repeat('x', 250) FROM generate_series(0, $1::bigint - 1) AS i`,
  [sessions.size],
);

const statement = {
  name: 'rotate',
  text: `UPDATE floor_session SET generation = generation + 1, token = $3, rotated_at = $4,
           superseded = $5
         WHERE id = $1 AND generation = $2 AND status = 'active' RETURNING id`,
};

serve(
  bareListener({
    secret: values.secret,
    verifyKey: values['no-verify'] ? null : values['verify-key'],
    sessions,
    rotate: async (session, token) => {
      const { rowCount } = await pool.query({
        ...statement,
        values: [session.id, session.generation, token, Date.now(), session.superseded],
      });
      return rowCount === 1;
    },
    cacheType: 'postgres',
  }),
  values,
  () => pool.end(),
);

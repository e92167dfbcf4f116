import type { Account } from './client-chain.js';
import { PAGE, SERVICE, SERVICE_SECRET_HASH, type Manner } from './oauth-calls.js';
import type { Rules } from './violation.js';
import type { Terrain } from './campaign.js';
import type { Rows } from './rows.js';

const DAY_MS = 86_400_000;

/** How long a process may answer from a cached session after another process revoked it (policy `reuse`, no Redis). */
const STALENESS_MS = 5000;

const acme = { ownerId: 'acme', verifyKey: 'acme-key' };
const brief = { ownerId: 'acme-brief', verifyKey: 'acme-key' };
const ptdev = { ownerId: 'ptdev', verifyKey: 'ptdev-58' };

/** Copies demo rows with all their columns, so that only the changed columns are named here. */
interface Copy {
  readonly table: string;
  readonly where: Readonly<Record<string, string>>;
  readonly change: Readonly<Record<string, string | number>>;
}

/**
 * Extends the demo data: a user for every honest chain, and a copy of project `acme` with a short grace window.
 * @param graceSeconds the short grace window
 */
export async function copyDemoData(database: Rows, users: number, graceSeconds: number): Promise<void> {
  const copies: Copy[] = [
    {
      table: 'bo_project',
      where: { owner_id: acme.ownerId },
      change: { owner_id: brief.ownerId, name: 'Acme in a hurry', grace_seconds: graceSeconds },
    },
    copyOfBob({ owner_id: brief.ownerId }),
    ...Array.from({ length: users }, (_, index) => {
      const name = userName(index);
      return copyOfBob({ user_id: name, user_name: name });
    }),
  ];
  for (const copy of copies) await insertCopy(database, copy);
  for (const { ownerId } of [acme, brief, ptdev]) await insertClients(database, ownerId);
}

/** The registered clients of a project. */
async function insertClients(database: Rows, ownerId: string): Promise<void> {
  for (const [clientId, type, secretHash] of [
    [PAGE, 'public', null],
    [SERVICE, 'confidential', SERVICE_SECRET_HASH],
  ] as const)
    await database.all(
      `INSERT INTO bo_client (owner_id, client_id, name, type, grants, scopes, dpop, secret_hash, created_at)
       VALUES ($1, $2, $2, $3, '["password","refresh_token"]', '["a"]', 'optional', ${secretHash === null ? 'NULL' : `'${secretHash}'`}, 0)`,
      [ownerId, clientId, type],
    );
}

/** How the honest chains call, in turns. */
const MANNERS: readonly Manner[] = [
  'documented',
  'mixed',
  'service',
  'documented',
  'page',
  'mixed',
  'documented',
];

/** The accounts of the chains after `copyDemoData`. One in ten has policy `reuse`. */
export function terrainOf(users: number, graceSeconds: number): Terrain {
  const rotating = {
    policy: 'rotate',
    absoluteLifetime: 14 * DAY_MS,
    idleLifetime: 7 * DAY_MS,
    staleness: 0,
  } as const;
  const rules: Rules = {
    [acme.ownerId]: { ...rotating, grace: 60_000 },
    [brief.ownerId]: { ...rotating, grace: graceSeconds * 1000 },
    [ptdev.ownerId]: {
      policy: 'reuse',
      grace: 60_000,
      absoluteLifetime: 14 * DAY_MS,
      idleLifetime: null,
      staleness: STALENESS_MS,
    },
  };
  const honest = Array.from({ length: users }, (_, index): Account => {
    const manner = MANNERS[index % MANNERS.length];
    if (index % 10 === 9) return { project: ptdev, userName: 'dev', password: 'dev-password', manner };
    return { project: acme, userName: userName(index), password: 'bob-password', ownUser: true, manner };
  });
  const stolen = (['documented', 'mixed', 'service'] as const).map((manner): Account => {
    return { project: brief, userName: 'bob', password: 'bob-password', manner };
  });
  return { rules, honest, stolen, foreign: [ptdev, acme] };
}

function userName(index: number): string {
  return `chain-${index}`;
}

function copyOfBob(change: Copy['change']): Copy {
  return { table: 'bo_user', where: { owner_id: acme.ownerId, user_id: 'bob' }, change };
}

async function insertCopy(database: Rows, { table, where, change }: Copy): Promise<void> {
  const names = await database.columnsOf(table);
  const values: (string | number)[] = [];
  const place = (value: string | number | undefined) => `$${values.push(value ?? '')}`;
  const chosen = names.map((name) => (name in change ? place(change[name]) : `"${name}"`));
  const filters = Object.entries(where).map(([name, value]) => `"${name}" = ${place(value)}`);
  const listed = names.map((name) => `"${name}"`).join(', ');
  await database.all(
    `INSERT INTO ${table} (${listed}) SELECT ${chosen.join(', ')} FROM ${table} WHERE ${filters.join(' AND ')}`,
    values,
  );
}

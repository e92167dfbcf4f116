import type { DataSource } from 'typeorm';
import { KeySeal } from '../../auth/access-token/key-seal.js';
import type { SigningKeyRow } from '../../auth/access-token/signing-key.js';
import { SecondFactorSeal } from '../../auth/second-factor/second-factor-seal.js';
import type { Config } from '../../config/config.js';
import { sealedUnder } from '../../config/secret-seal.js';
import { pepperOf } from '../../tenancy/project/verify-key-seal.js';
import { Project } from '../../tenancy/project/project.entity.js';
import { rows } from './doctor-rows.js';
import { failed, type Finding, ok, warning } from './finding.js';

/**
 * Compares the configured peppers with those that sessions use: a missing pepper makes refreshes fail, an unused one can
 * be removed. Without its pepper, an ended session's token is answered by 503 instead of 401, so ended ones count, too.
 */
export async function peppers(dataSource: DataSource, { peppers: configured }: Config): Promise<Finding[]> {
  const about = 'TOKEN_PEPPER';
  const now = Date.now();
  const isActive = `status = 'active' AND expires_at > ${now} AND (idle_expires_at IS NULL OR idle_expires_at > ${now})`;
  const used = await rows<{ kid: string; sessions: number | string; active: number | string }>(
    dataSource,
    `SELECT kid, count(*) AS sessions, count(CASE WHEN ${isActive} THEN 1 END) AS active
     FROM bo_auth_session GROUP BY kid ORDER BY kid`,
  );
  const { ids } = configured.toJSON();
  const missing = used.filter(({ kid, active }) => !ids.includes(kid) && Number(active) > 0);
  const old = used.filter(({ kid }) => ids.includes(kid) && kid !== configured.current.id);
  const seals = await sealingPeppers(dataSource);
  const idle = ids.filter(
    (id) => id !== configured.current.id && !used.some(({ kid }) => kid === id) && !seals.has(id),
  );
  return [
    ...missing.map(({ kid, active }) =>
      failed(about, `lacks the pepper ${kid}, which ${active} active sessions need`, `append ${kid}:… again`),
    ),
    ...old.map(({ kid, sessions, active }) =>
      ok(about, `the pepper ${kid} is still needed: sessions that use it: ${sessions}, active: ${active}`),
    ),
    ...idle.map((id) => warning(about, `no session needs the pepper ${id} any more`, 'remove it')),
  ];
}

/**
 * The peppers under which secrets are sealed. A start seals keys again under the current one, and second factors are
 * sealed again when they are used.
 */
async function sealingPeppers(dataSource: DataSource): Promise<ReadonlySet<string | null>> {
  const signing = await rows<{ private_key: string }>(
    dataSource,
    'SELECT private_key FROM bo_signing_key WHERE private_key IS NOT NULL',
  );
  const verify = await dataSource.getRepository(Project).find();
  const factors = await secondFactorRows(dataSource);
  const chain = await rows<{ sealed_key: string }>(dataSource, 'SELECT sealed_key FROM bo_event_chain');
  return new Set([
    ...signing.map(({ private_key: sealed }) => sealedUnder(sealed)),
    ...verify.flatMap(({ verifyKey, verifyPreviousKey }) => [
      pepperOf(verifyKey),
      pepperOf(verifyPreviousKey ?? ''),
    ]),
    ...factors.map(({ secret }) => sealedUnder(secret)),
    ...chain.map(({ sealed_key: sealed }) => sealedUnder(sealed)),
  ]);
}

/** The service does not start if it cannot decrypt a signing key. */
export async function signingKeys(dataSource: DataSource, { peppers }: Config): Promise<Finding[]> {
  const keys = await rows<SigningKeyRow>(
    dataSource,
    `SELECT * FROM bo_signing_key WHERE status <> 'retired'`,
  );
  const seal = new KeySeal(peppers);
  return keys
    .filter(
      ({ owner_id: ownerId, kid, algorithm, private_key: sealed }) =>
        seal.open(sealed ?? '', { ownerId, kid, algorithm }) === null,
    )
    .map(({ owner_id, kid, private_key: sealed }) =>
      failed(
        'TOKEN_PEPPER',
        `does not decrypt the signing key ${kid} of ${owner_id}`,
        `restore the former secret of the pepper ${sealedUnder(sealed ?? '')}`,
      ),
    );
}

/** Without the pepper of their second factor, users can sign in by a recovery code only. */
export async function secondFactors(
  dataSource: DataSource,
  { peppers: configured }: Config,
): Promise<Finding[]> {
  const about = 'TOKEN_PEPPER';
  const seal = new SecondFactorSeal(configured);
  const users = new Map<string, number>();
  const unreadable = new Map<string, number>();
  for (const { owner_id: ownerId, user_id: userId, secret } of await secondFactorRows(dataSource)) {
    const counts = seal.open(secret, { ownerId, userId }) === null ? unreadable : users;
    counts.set(sealedUnder(secret), (counts.get(sealedUnder(secret)) ?? 0) + 1);
  }
  users.delete(configured.current.id);
  return [
    ...[...unreadable].map(([id, count]) =>
      failed(
        about,
        `does not decrypt second factors: ${count}`,
        `restore the former secret of the pepper ${id}, or reset them: bo-auth user reset-second-factor`,
      ),
    ),
    ...[...users].map(([id, count]) =>
      ok(about, `the pepper ${id} is still needed: second factors that it encrypts: ${count}`),
    ),
  ];
}

function secondFactorRows(dataSource: DataSource) {
  return rows<{ owner_id: string; user_id: string; secret: string }>(
    dataSource,
    'SELECT owner_id, user_id, secret FROM bo_second_factor',
  );
}

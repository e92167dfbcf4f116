import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DataSource } from 'typeorm';
import type { Config } from '../../config/config.js';
import { hasChangeTriggers } from '../../database/change-triggers.js';
import { databaseFailure } from '../../database/explain-failure.js';
import { databaseLocation } from '../../database/database-location.js';
import { dataSourceOptions, type SqliteFile, sqliteFile } from '../../database/data-source.js';
import { pendingMigrations } from '../../database/pending-migrations.js';
import { startFailure } from '../../start-failure.js';
import { pepperOf, VerifyKeySeal } from '../../tenancy/project/verify-key-seal.js';
import { verificationProfile } from '../../tenancy/project/tenant-project.js';
import { Project } from '../../tenancy/project/project.entity.js';
import { profileProblems } from '../../tenancy/verification/verification-profile.js';
import { User } from '../../tenancy/user/user.entity.js';
import { eventChain } from './doctor-chain.js';
import { loginAddresses } from './doctor-addresses.js';
import { publicUrl } from './doctor-oauth.js';
import { peppers, secondFactors, signingKeys } from './doctor-peppers.js';
import { rows } from './doctor-rows.js';
import { largeUsers } from './doctor-users.js';
import {
  comparedClock,
  CLOCK_TOLERANCE_MS,
  failed,
  type Finding,
  ok,
  type Profile,
  warning,
} from './finding.js';
import { projectsForMlps3 } from './profile-mlps3.js';

const ABOUT = 'database';

/** Checks that the database is usable and migrated, and that its rows fit this configuration. */
export async function examineDatabase(config: Config, profile: Profile | null): Promise<Finding[]> {
  const { database } = config;
  if (database.kind === 'sqlite') {
    const problem = fileProblem(database.file);
    if (problem !== null) return [problem];
  }
  try {
    const file = database.kind === 'sqlite' ? sqliteFile(database.file) : null;
    const pending = await pendingMigrations(database, file);
    if (pending.length > 0)
      return [
        warning(
          ABOUT,
          `migrations are pending: ${pending.join(', ')}`,
          'run bo-auth migrate, or start the service',
        ),
      ];
    return [
      ok(ABOUT, `${databaseLocation(database)}, up to date`),
      ...(file === null ? [] : readableByOthers(file.path, profile)),
      ...(await examineRows(config, file, profile)),
    ];
  } catch (error) {
    const failure = databaseFailure(database, error);
    if (failure !== null) return [failed(ABOUT, `DATABASE_URL: ${failure.says}`, failure.todo)];
    const [line = ''] = startFailure(error).split('\n', 1);
    return [
      failed(
        ABOUT,
        line,
        'check DATABASE_URL, that the database is running, and that this user may write to it',
      ),
    ];
  }
}

/** Checks the file before it is opened, because opening a missing file creates it. */
function fileProblem(file: string | null): Finding | null {
  if (file === null)
    return warning(
      ABOUT,
      'sqlite::memory: loses all data when the process ends',
      'set DATABASE_URL to sqlite:<file> or postgres://…',
    );
  const place = existsSync(file) ? file : nearestFolder(file);
  try {
    accessSync(place, constants.R_OK | constants.W_OK);
  } catch {
    return failed(
      ABOUT,
      `this user may not write to ${place}`,
      'grant write access, or set DATABASE_URL to another file',
    );
  }
  if (existsSync(file)) return null;
  return warning(ABOUT, `${file} does not exist yet`, 'run bo-auth migrate, or start the service');
}

/** Earlier releases left the mode to SQLite. */
function readableByOthers(file: string, profile: Profile | null): Finding[] {
  const mode = statSync(file).mode & 0o777;
  if (process.platform === 'win32' || (mode & 0o077) === 0) return [];
  const [judge, about] = profile === 'mlps3' ? [failed, '8.1.4.2 f)'] : [warning, ABOUT];
  return [
    judge(
      about,
      `other users of this machine may read ${file} (mode ${mode.toString(8)})`,
      'chmod 600 the file and its -wal and -shm',
    ),
  ];
}

function nearestFolder(file: string): string {
  let folder = dirname(file);
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

async function examineRows(
  config: Config,
  file: SqliteFile | null,
  profile: Profile | null,
): Promise<Finding[]> {
  const dataSource = new DataSource({
    ...dataSourceOptions(config.database, file),
    entities: [Project, User],
  });
  await dataSource.initialize();
  try {
    return [
      ...(await integrity(dataSource)),
      ...(await changeLog(dataSource)),
      ...(await projects(dataSource, config)),
      ...(await peppers(dataSource, config)),
      ...(await signingKeys(dataSource, config)),
      ...(await secondFactors(dataSource, config)),
      ...(await largeUsers(dataSource)),
      ...(await publicUrl(dataSource, config)),
      ...(await loginAddresses(dataSource, config)),
      ...(await newestEvent(dataSource)),
      ...(await eventChain(dataSource, config)),
      ...(profile === 'mlps3' ? await projectsForMlps3(dataSource) : []),
    ];
  } finally {
    await dataSource.destroy();
  }
}

async function integrity(dataSource: DataSource): Promise<Finding[]> {
  if (dataSource.options.type !== 'sqlite') {
    const [row] = await rows<{ now: Date }>(dataSource, 'SELECT now() AS now');
    return row === undefined ? [] : comparedClock('the database', row.now.getTime());
  }
  const [row] = await rows<{ quick_check: string }>(dataSource, 'PRAGMA quick_check(1)');
  if (row?.quick_check === 'ok') return [];
  return [failed(ABOUT, 'the file is damaged', 'stop the service and restore the file from a backup')];
}

async function changeLog(dataSource: DataSource): Promise<Finding[]> {
  const runner = dataSource.createQueryRunner();
  try {
    if (await hasChangeTriggers(runner)) return [];
  } finally {
    await runner.release();
  }
  return [
    warning(
      ABOUT,
      'a trigger that logs changes of projects and users is missing or disabled, so they are read again every 5 s',
      'restart the service, which creates it',
    ),
  ];
}

async function projects(dataSource: DataSource, config: Config): Promise<Finding[]> {
  const found = await dataSource.getRepository(Project).find({ order: { ownerId: 'ASC' } });
  if (found.length === 0)
    return [warning('projects', 'none exist', 'create one: bo-auth project add <ownerId>')];
  const legacy = found.filter(({ verifyCipher }) => verifyCipher !== 'hmac-sha256').length;
  const says = `${found.length}; with DES for XverifyApi: ${legacy}`;
  const seal = new VerifyKeySeal(config);
  return [
    ok('projects', says),
    ...found.flatMap((project) => verification(project, seal)),
    ...clearVerifyKeys(found, config),
  ];
}

function verification(project: Project, seal: VerifyKeySeal): Finding[] {
  const { ownerId, verifyKey } = project;
  if (seal.tryOpen(ownerId, verifyKey) === null)
    return [
      failed(
        'TOKEN_PEPPER',
        `does not open the verify key of ${ownerId}`,
        `restore the former secret of the pepper ${pepperOf(verifyKey)}`,
      ),
    ];
  return profileProblems(verificationProfile(project, seal)).map((says) =>
    failed(`project ${ownerId}`, says, `run bo-auth key rotate verify ${ownerId}, or project set`),
  );
}

function clearVerifyKeys(found: readonly Project[], { environment }: Config): Finding[] {
  const clear = found.filter(({ verifyKey }) => pepperOf(verifyKey) === null).length;
  if (clear === 0 || environment !== 'production') return [];
  return [
    warning(
      'projects',
      `${clear} have a verify key in the clear, as an earlier release stored it`,
      'run bo-auth key seal, once all processes run this release',
    ),
  ];
}

/** An event dated in the future means that this clock was set back or that another machine's clock is ahead. */
async function newestEvent(dataSource: DataSource): Promise<Finding[]> {
  const [row] = await rows<{ at: number | string }>(
    dataSource,
    'SELECT at FROM bo_auth_event ORDER BY id DESC LIMIT 1',
  );
  const ahead = Number(row?.at ?? 0) - Date.now();
  if (ahead <= CLOCK_TOLERANCE_MS) return [];
  return [
    warning(
      'clock',
      `the newest event of the audit trail is ${Math.round(ahead / 1000)} s in the future`,
      'this clock was set back, or the clock of another machine is ahead: synchronise all by NTP',
    ),
  ];
}

import type { DataSource } from 'typeorm';
import type { Config } from '../../config/config.js';
import { withHost } from '../../config/postgres-url.js';
import { isLoopback } from '../../network/loopback-host.js';
import { Project } from '../../tenancy/project/project.entity.js';
import { rows } from './doctor-rows.js';
import { failed, type Finding, ok, warning } from './finding.js';

/** What a setting of a project must be for an item of GB/T 22239-2019, level 3. */
interface Rule {
  readonly field: keyof Project;
  readonly isMet: (value: unknown) => boolean;
  readonly wants: string;
  /** The value to set, for the command. */
  readonly set: string | number;
}

const atLeast = (field: keyof Project, least: number): Rule => ({
  field,
  isMet: (value) => Number(value) >= least,
  wants: `at least ${least}`,
  set: least,
});
/** A setting that is `null` or 0 has no limit. */
const atMost = (field: keyof Project, most: number): Rule => ({
  field,
  isMet: (value) => value !== null && Number(value) > 0 && Number(value) <= most,
  wants: `at most ${most}, and set`,
  set: most,
});
const exactly = (field: keyof Project, value: string): Rule => ({
  field,
  isMet: (actual) => actual === value,
  wants: value,
  set: value,
});

/** The items that settings of projects meet; docs/security.md has the whole table. */
const PROJECT_ITEMS: Readonly<Record<string, readonly Rule[]>> = {
  '8.1.4.1 a)': [
    atLeast('passwordMinLength', 8),
    atLeast('passwordMinClasses', 3),
    atMost('passwordMaxAgeDays', 90),
    atLeast('passwordHistory', 1),
    exactly('passwordBlocklist', 'on'),
    exactly('firstLoginChange', 'on'),
  ],
  '8.1.4.1 b)': [
    atMost('loginMaxFailures', 5),
    atLeast('loginLockSeconds', 600),
    atMost('idleSeconds', 1_800),
    atMost('accessTokenSeconds', 600),
  ],
  '8.1.4.1 d)': [exactly('secondFactor', 'required')],
};

const MIN_RETENTION_DAYS = 180;
/** More administrators than this in one project are worth a look. */
const FEW_DEVELOPERS = 5;

/** Checks the configuration against GB/T 22239-2019, level 3. */
export function configurationForMlps3(config: Config): Finding[] {
  const { environment, operatorTokenHash, eventRetentionDays: days } = config;
  const production = 'set NODE_ENV=production; if the service then refuses to start, run bo-auth demo remove';
  const operator = 'use the output of bo-auth key rotate operator';
  const keeps = days === 0 || days >= MIN_RETENTION_DAYS;
  return [
    ...encryption(config),
    environment === 'production'
      ? ok('8.1.4.2 b)', 'production, which starts without default accounts and secrets alone')
      : failed(
          '8.1.4.2 b)',
          'this is not production: default secrets and demo accounts may be in use',
          production,
        ),
    operatorTokenHash === null
      ? failed(
          '8.1.4.2 d)',
          'OPERATOR_TOKEN_HASH is not set, so no operator is apart from the developers',
          operator,
        )
      : ok('8.1.4.2 d)', 'the operator and the developers of projects are different accounts'),
    keeps
      ? ok('8.1.4.3 c)', `the audit trail is kept ${days === 0 ? 'for ever' : `for ${days} days`}`)
      : failed(
          '8.1.4.3 c)',
          `EVENT_RETENTION_DAYS is ${days}, at least ${MIN_RETENTION_DAYS} is needed`,
          `set EVENT_RETENTION_DAYS=${MIN_RETENTION_DAYS}, or 0 to keep all events`,
        ),
    warning(
      '8.1.4.3 c)',
      'whether the audit trail is verified and backed up cannot be seen from here',
      'run bo-auth events verify and bo-auth events export daily by cron, and back up the database',
    ),
  ];
}

/** Checks the settings of all projects against GB/T 22239-2019, level 3. */
export async function projectsForMlps3(dataSource: DataSource): Promise<Finding[]> {
  const projects = await dataSource
    .getRepository(Project)
    .find({ where: { status: 'active' }, order: { ownerId: 'ASC' } });
  const developers = await rows<{ owner_id: string; count: number | string }>(
    dataSource,
    `SELECT owner_id, count(*) AS count FROM bo_user WHERE developer = 1 AND status = 'active' GROUP BY owner_id`,
  );
  return projects.flatMap((project) => {
    const { ownerId } = project;
    const count = Number(developers.find(({ owner_id }) => owner_id === ownerId)?.count ?? 0);
    return [
      ...Object.entries(PROJECT_ITEMS).map(([item, rules]) => judged(item, project, rules)),
      ...(count <= FEW_DEVELOPERS ? [] : [manyDevelopers(ownerId, count)]),
    ];
  });
}

function judged(item: string, project: Project, rules: readonly Rule[]): Finding {
  const about = `${item} project ${project.ownerId}`;
  const unmet = rules.filter(({ field, isMet }) => !isMet(project[field]));
  const shown = (value: unknown) => (value === null ? 'none' : JSON.stringify(value).replaceAll('"', ''));
  if (unmet.length === 0)
    return ok(about, rules.map(({ field }) => `${field} ${shown(project[field])}`).join(', '));
  const says = unmet.map(({ field, wants }) => `${field} is ${shown(project[field])}, wanted: ${wants}`);
  const options = unmet.map(({ field, set }) => `--${dashed(field)} ${set}`);
  return failed(about, says.join('; '), `bo-auth project set ${project.ownerId} ${options.join(' ')}`);
}

const dashed = (field: string) => field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const manyDevelopers = (ownerId: string, count: number): Finding =>
  warning(
    `8.1.4.2 d) project ${ownerId}`,
    `${count} users may administer the project`,
    `take the role from those who do not need it: bo-auth user set ${ownerId} <userId> --no-developer`,
  );

/** 8.1.4.1 c): nobody may listen to credentials on their way. */
function encryption({ tls, trustedProxies, database, redisUrl }: Config): Finding[] {
  const item = '8.1.4.1 c)';
  const findings: Finding[] = [];
  if (tls !== null) findings.push(ok(item, 'the service speaks HTTPS'));
  else if (trustedProxies.length === 0)
    findings.push(
      failed(
        item,
        'the service speaks HTTP, and no proxy is named that could speak HTTPS',
        'set TLS_CERT_FILE and TLS_KEY_FILE, or TRUSTED_PROXIES if a proxy speaks HTTPS',
      ),
    );
  else
    findings.push(
      warning(
        item,
        'the service speaks HTTP to the proxies of TRUSTED_PROXIES',
        'make sure that they accept HTTPS alone; on another machine, set TLS_CERT_FILE and TLS_KEY_FILE too',
      ),
    );
  if (database.kind === 'postgres' && !isLocalOrVerified(database.url))
    findings.push(
      failed(
        item,
        'the connection to Postgres on another machine does not verify its certificate',
        'add sslmode=verify-full to DATABASE_URL',
      ),
    );
  if (redisUrl !== null && !redisUrl.startsWith('rediss:') && !isLocal(new URL(redisUrl).hostname))
    findings.push(
      failed(
        item,
        'the connection to Redis on another machine is not encrypted',
        'set REDIS_URL to rediss://…',
      ),
    );
  return findings;
}

function isLocalOrVerified(text: string): boolean {
  const url = new URL(withHost(text));
  // A parameter overrides the host of the URL; a path is a Unix socket.
  const host = url.searchParams.get('host') ?? url.hostname;
  return host.startsWith('/') || isLocal(host) || url.searchParams.get('sslmode') === 'verify-full';
}

const isLocal = (host: string) => host === '' || host === 'localhost' || isLoopback(host);

import { existsSync } from 'node:fs';
import { type Config, type ConfigProblem, examineConfig } from '../../config/config.js';
import { redisFailure } from '../../cache/redis-failure.js';
import { PluginLoadError } from '../../plugins/plugin-failure.js';
import { PluginRegistry } from '../../plugins/plugin-registry.js';
import { missingFolder } from '../../plugins/plugins-dir.js';
import { examineDatabase } from './doctor-database.js';
import { examineSecrets } from './doctor-secrets.js';
import { configurationForMlps3 } from './profile-mlps3.js';
import { comparedClock, failed, type Finding, ok, type Profile, warning } from './finding.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Checks everything the service needs to start, and whether it conforms to a standard; changes nothing. */
export async function doctor(env: Environment, profile: Profile | null): Promise<Finding[]> {
  const { config, problems } = examineConfig(env);
  const isRight = (...variables: readonly string[]) =>
    !problems.some(({ variable }) => variables.includes(variable));
  return [
    nodeVersion(),
    clock(),
    ...configuration(config, problems),
    ...(isRight('JWT_SECRET', 'TOKEN_PEPPER') ? examineSecrets(config, env) : []),
    ...(isRight('DATABASE_URL', 'TOKEN_PEPPER') ? await examineDatabase(config, profile) : []),
    ...(isRight('REDIS_URL') ? [await redis(config)] : []),
    ...(isRight('PLUGINS_DIR') ? await plugins(config) : []),
    ...(profile === 'mlps3' ? configurationForMlps3(config) : []),
  ];
}

function configuration(config: Config, problems: readonly ConfigProblem[]): Finding[] {
  if (problems.length === 0)
    return [
      ok(
        'configuration',
        `${config.environment}, ${existsSync('.env') ? 'with' : 'without'} a .env file here`,
      ),
    ];
  return problems.map(({ variable, says }) =>
    failed(
      'configuration',
      `${variable}: ${says}`,
      'fix the variable in the environment or in .env; .env.example explains each one, bo-auth key rotate creates secrets',
    ),
  );
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    return failed('node', `version ${process.versions.node} is too old`, 'install Node 20.19 or newer');
  if (major === 20)
    return warning(
      'node',
      `version ${process.versions.node} no longer receives security fixes`,
      'upgrade to Node 22 or 24',
    );
  return ok('node', `version ${process.versions.node}`);
}

/** This version was released later, so an earlier date means a wrong clock. */
const EARLIEST = Date.UTC(2025, 10, 1);

function clock(): Finding {
  const now = new Date();
  if (now.getTime() < EARLIEST)
    return failed('clock', `${now.toISOString()} is in the past`, 'set the clock and synchronise it by NTP');
  return ok('clock', now.toISOString());
}

async function redis({ redisUrl }: Config): Promise<Finding> {
  if (redisUrl === null) return ok('redis', 'not configured: each process has its own cache');
  try {
    const { askRedis } = await import('./redis-ping.js');
    const answer = await askRedis(redisUrl);
    return comparedClock('Redis', answer.clock)[0] ?? ok('redis', `answers in ${answer.ms} ms`);
  } catch (error) {
    return failed(
      'redis',
      `Redis ${redisFailure(error).says}`,
      'fix REDIS_URL or Redis; without it the service is slower and changes take up to 5 s to reach other processes',
    );
  }
}

async function plugins({ pluginsDir }: Config): Promise<Finding[]> {
  const missing = missingFolder(pluginsDir);
  const warnings: string[] = [];
  try {
    const registry = await PluginRegistry.load(pluginsDir, (line) => void warnings.push(line));
    return [
      ok('plugins', registry.names().join(', ')),
      ...(missing === null ? [] : [warning('plugins', missing, 'create the folder, or unset PLUGINS_DIR')]),
      ...warnings.map((line) => warning('plugins', line, 'rename or remove the file')),
    ];
  } catch (error) {
    if (!(error instanceof PluginLoadError)) throw error;
    return [failed('plugins', error.message, 'fix or remove the file: the service does not start with it')];
  }
}

import { existsSync } from 'node:fs';
import { type Config, ConfigError, loadConfig } from '../../config/config.js';
import { PluginLoadError } from '../../plugins/plugin-failure.js';
import { PluginRegistry } from '../../plugins/plugin-registry.js';
import { examineDatabase } from './doctor-database.js';
import { examineSecrets } from './doctor-secrets.js';
import { comparedClock, failed, type Finding, ok, warning } from './finding.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Checks everything the service needs to start; changes nothing. */
export async function doctor(env: Environment): Promise<Finding[]> {
  const before = [nodeVersion(), clock()];
  const config = configured(env);
  if (!('jwtSecret' in config)) return [...before, config];
  return [
    ...before,
    ok('configuration', `${config.environment}, ${existsSync('.env') ? 'with' : 'without'} a .env file here`),
    ...examineSecrets(config, env),
    ...(await examineDatabase(config)),
    await redis(config),
    ...(await plugins(config)),
  ];
}

function configured(env: Environment): Config | Finding {
  try {
    return loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return failed(
      'configuration',
      error.message,
      'fix the variable in the environment or in .env; .env.example explains each one, bo-auth key rotate creates secrets',
    );
  }
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
    const reason = error instanceof Error ? (/^[A-Z]+/.exec(codeOr(error))?.[0] ?? error.name) : 'no answer';
    return failed(
      'redis',
      `does not answer (${reason})`,
      'check REDIS_URL, its password, and that Redis is running; without it the service is slower and changes take up to 5 s to reach other processes',
    );
  }
}

function codeOr(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}

async function plugins({ pluginsDir }: Config): Promise<Finding[]> {
  const warnings: string[] = [];
  try {
    const registry = await PluginRegistry.load(pluginsDir, (line) => void warnings.push(line));
    return [
      ok('plugins', registry.names().join(', ')),
      ...warnings.map((line) => warning('plugins', line, 'rename or remove the file')),
    ];
  } catch (error) {
    if (!(error instanceof PluginLoadError)) throw error;
    return [failed('plugins', error.message, 'fix or remove the file: the service does not start with it')];
  }
}

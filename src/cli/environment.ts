import { existsSync } from 'node:fs';
import { type Config, loadConfig } from '../config/config.js';

/** The environment as the service itself would read it, from the folder that it would be started in. */
export function environment(): Readonly<Record<string, string | undefined>> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}

/** @throws ConfigError */
export function configuration(): Config {
  return loadConfig(environment());
}

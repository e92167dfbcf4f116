import { existsSync } from 'node:fs';
import { type Config, loadConfig } from '../config/config.js';

/** The environment with `.env` of the current folder, as the service reads it. */
export function environment(): Readonly<Record<string, string | undefined>> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}

/** @throws ConfigError */
export function configuration(): Config {
  return loadConfig(environment());
}

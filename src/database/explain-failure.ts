import { types } from 'node:util';
import { QueryFailedError } from 'typeorm';
import type { DatabaseConfig } from '../config/variables.js';
import { DatabaseFailure } from './database-failure.js';
import { databaseLocation, postgresPlace } from './database-location.js';
import { postgresAdvice } from './postgres/postgres-advice.js';
import { PostgresFailure, postgresFailure } from './postgres/postgres-failure.js';
import { sqliteAdvice } from './sqlite/sqlite-advice.js';
import { StoreUnavailable } from './store-unavailable.js';

/** @throws {DatabaseFailure} in place of a failure of the database; other errors as they are */
export async function explained<T>(database: DatabaseConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseFailure(database, error) ?? error;
  }
}

/** @returns `null` if the error is not one of the database, or is a fault of our statement */
export function databaseFailure(database: DatabaseConfig, thrown: unknown): DatabaseFailure | null {
  if (thrown instanceof DatabaseFailure) return thrown;
  const error = thrown instanceof QueryFailedError ? thrown.driverError : thrown;
  const isOutage = thrown instanceof StoreUnavailable;
  const advice =
    database.kind === 'postgres'
      ? ofPostgres(database.url, error, isOutage || thrown instanceof QueryFailedError)
      : sqliteAdvice(codeOf(error), codeOf(error, 'syscall'));
  if (advice === null && !isOutage) return null;
  // The message of a StoreUnavailable is its code.
  const { says, todo } = advice ?? {
    says: `cannot be used (${(thrown as StoreUnavailable).message})`,
    todo: 'see its log, and run bo-auth doctor',
  };
  return new DatabaseFailure(`${databaseLocation(database)} ${says}`, todo, { cause: thrown });
}

function ofPostgres(url: string, error: unknown, isOfDatabase: boolean) {
  if (!isOfDatabase) return null;
  const failure = error instanceof PostgresFailure ? error : postgresFailure(error);
  return postgresAdvice(failure, postgresPlace(url));
}

function codeOf(error: unknown, name: 'code' | 'syscall' = 'code'): string {
  // Not instanceof: what node throws may be of another realm.
  if (!types.isNativeError(error)) return '';
  const value = (error as { code?: unknown; syscall?: unknown })[name];
  return typeof value === 'string' ? value : '';
}

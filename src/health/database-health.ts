import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { SqlDatabase } from '../database/sql-database.js';

/** Longer than any healthy read, shorter than the time-out of a probe. */
const DEADLINE_MS = 2_000;

@Injectable()
export class DatabaseHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly database: SqlDatabase,
  ) {}

  async check() {
    const indicator = this.indicators.check('database');
    try {
      await Promise.race([this.database.probe(), deadline()]);
      return indicator.up({ kind: this.database.kind });
    } catch {
      return indicator.down({ kind: this.database.kind });
    }
  }
}

function deadline(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('the database did not answer in time')), DEADLINE_MS).unref();
  });
}

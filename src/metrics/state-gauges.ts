import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { DatabaseHealth } from '../health/database-health.js';
import { Metrics } from './metrics.js';

/** Whether what the service stands on answers: 1 or 0, asked at each scrape. */
@Injectable()
export class StateGauges {
  private readonly database: Gauge;

  constructor(
    metrics: Metrics,
    private readonly databaseHealth: DatabaseHealth,
  ) {
    this.database = new Gauge({
      name: 'bo_auth_database_up',
      help: 'Whether the database answers',
      registers: [metrics.registry],
    });
  }

  async refresh(): Promise<void> {
    const { database } = await this.databaseHealth.check();
    this.database.set(database.status === 'up' ? 1 : 0);
  }
}

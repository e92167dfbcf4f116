import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { HealthModule } from '../health/health.module.js';
import { OAuthModule } from '../oauth/oauth.module.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsServer } from './metrics-server.js';
import { Scrape } from './scrape.js';
import { StateGauges } from './state-gauges.js';

@Module({})
export class MetricsModule {
  static of({ metricsPort }: Config): DynamicModule {
    return {
      module: MetricsModule,
      imports: [HealthModule, OAuthModule],
      controllers: metricsPort === null ? [MetricsController] : [],
      providers: [Metrics, StateGauges, Scrape, ...(metricsPort === null ? [] : [MetricsServer])],
    };
  }
}

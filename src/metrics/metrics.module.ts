import { Module } from '@nestjs/common';
import { HealthModule } from '../health/health.module.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { StateGauges } from './state-gauges.js';

@Module({
  imports: [HealthModule],
  controllers: [MetricsController],
  providers: [Metrics, StateGauges],
})
export class MetricsModule {}

import { Controller, Get, Header, VERSION_NEUTRAL } from '@nestjs/common';
import { Registry } from 'prom-client';
import { Bare } from '../response/bare.decorator.js';
import { Metrics } from './metrics.js';

/** For Prometheus: outside the API's prefix and envelope. */
@Bare()
@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  scrape(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}

import { Controller, Get, Header, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { RawResponse } from '../response/raw-response.decorator.js';
import { ClusterScrape, shareScrape } from '../cluster/scrape.js';
import { isOwnWorker } from '../config/own-worker.js';
import { Metrics } from './metrics.js';

/** Serves Prometheus metrics, without the API's prefix and envelope. */
@ApiTags('Health')
@RawResponse()
@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController {
  private readonly text: () => Promise<string>;

  constructor({ registry }: Metrics) {
    const cluster = isOwnWorker ? new ClusterScrape(registry) : null;
    this.text = shareScrape(() => cluster?.text() ?? registry.metrics());
  }

  /** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
  @Get()
  @ApiOperation({
    operationId: 'metrics',
    summary: 'Metrics for Prometheus',
  })
  @ApiOkResponse({
    description: 'Prometheus text exposition format.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  scrape(): Promise<string> {
    return this.text();
  }
}

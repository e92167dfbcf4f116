import { Controller, Get, Header, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { RawResponse } from '../response/raw-response.decorator.js';
import { ClusterScrape } from '../cluster/scrape.js';
import { isOwnWorker } from '../config/own-worker.js';
import { Metrics } from './metrics.js';

/** Serves Prometheus metrics, without the API's prefix and envelope. */
@ApiTags('Health')
@RawResponse()
@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController {
  private readonly cluster: ClusterScrape | null;

  constructor(private readonly metrics: Metrics) {
    this.cluster = isOwnWorker ? new ClusterScrape(metrics.registry) : null;
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
    return this.cluster?.text() ?? this.metrics.registry.metrics();
  }
}

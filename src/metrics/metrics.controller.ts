import { Controller, Get, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiOkResponse, ApiOperation, ApiTags, ApiUnauthorizedResponse } from '../response/api-decorators.js';
import { RawResponse } from '../response/raw-response.decorator.js';
import { Scrape } from './scrape.js';

/** Serves Prometheus metrics, without the API's prefix and envelope. */
@ApiTags('Health')
@RawResponse()
@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController {
  constructor(private readonly scrape: Scrape) {}

  @Get()
  @ApiOperation({
    operationId: 'metrics',
    summary: 'Metrics for Prometheus',
  })
  @ApiOkResponse({
    description: 'Prometheus text exposition format.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiUnauthorizedResponse({
    description: 'The service has a `METRICS_TOKEN`, and the Bearer token is not the same.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  async metrics(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, headers, body } = await this.scrape.answer(request.headers.authorization);
    reply.code(status).headers(headers);
    return body;
  }
}

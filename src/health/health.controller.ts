import { applyDecorators, Controller, Get, VERSION_NEUTRAL } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import {
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '../response/api-decorators.js';
import { RawResponse } from '../response/raw-response.decorator.js';
import { DatabaseHealth } from './database-health.js';
import { Draining } from '../shutdown/draining.js';
import { RedisHealth } from './redis-health.js';

const healthSchema = {
  type: 'object',
  required: ['status', 'info', 'error', 'details'],
  properties: {
    status: { type: 'string', enum: ['ok', 'error', 'shutting_down'] },
    info: { type: 'object', nullable: true },
    error: { type: 'object', nullable: true },
    details: { type: 'object' },
  },
};

const ApiHealth = () =>
  applyDecorators(
    // Terminus would add its own English texts and examples to those below.
    HealthCheck({ noCache: true, swaggerDocumentation: false }),
    ApiOkResponse({ description: 'The check passes.', schema: healthSchema }),
    ApiServiceUnavailableResponse({
      description: 'The check fails; `error` names the component.',
      schema: healthSchema,
    }),
  );

/** Serves probes, without the API's prefix and envelope. */
@ApiTags('Health')
@RawResponse()
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseHealth,
    private readonly redis: RedisHealth,
    private readonly draining: Draining,
  ) {}

  /** Checks only that the process answers. Dependencies are left out because a restart would not fix them. */
  @Get('live')
  @ApiOperation({
    operationId: 'live',
    summary: 'Liveness probe',
  })
  @ApiHealth()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Checks that the process can serve requests. */
  @Get('ready')
  @ApiOperation({
    operationId: 'ready',
    summary: 'Readiness probe',
  })
  @ApiHealth()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.draining.check(),
      () => this.database.check(),
      () => this.redis.check(),
    ]);
  }
}

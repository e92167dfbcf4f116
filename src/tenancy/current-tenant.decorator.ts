import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { tenantOf } from './tenant.js';

/** Injects the verified tenant as a handler argument. */
export const CurrentTenant = createParamDecorator((_: unknown, context: ExecutionContext) =>
  tenantOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** The sender of a request, for the session list and the audit trail. */
export interface Client {
  /** The peer's address, or the one that a trusted proxy reports. */
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
}

const USER_AGENT_MAX = 256;

export const CurrentClient = createParamDecorator((_: unknown, context: ExecutionContext): Client => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return {
    ip: request.ip,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, USER_AGENT_MAX),
    requestId: request.id,
  };
});

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from '../network/client-address.js';

/** The sender of a request, for the session list and the audit trail. */
export interface Client {
  /** {@link clientAddress} */
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
}

const USER_AGENT_MAX = 256;

/** A `User-Agent` as it is stored. */
export function storedUserAgent(text: string): string {
  return text.slice(0, USER_AGENT_MAX);
}

export function clientOf(request: FastifyRequest): Client {
  return {
    ip: clientAddress(request),
    userAgent: storedUserAgent(request.headers['user-agent'] ?? ''),
    requestId: request.id,
  };
}

export const CurrentClient = createParamDecorator((_: unknown, context: ExecutionContext): Client =>
  clientOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/**
 * A signal that is aborted when the client disconnects before it has its answer. Fastify's own `request.signal` misses a
 * disconnection after the body has arrived.
 */
export const Disconnection = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const { raw } = context.switchToHttp().getResponse<FastifyReply>();
  const disconnection = new AbortController();
  if (raw.destroyed) disconnection.abort();
  raw.once('close', () => {
    if (!raw.writableFinished) disconnection.abort();
  });
  return disconnection.signal;
});

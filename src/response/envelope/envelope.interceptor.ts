import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { isBare } from '../bare.decorator.js';
import { JSON_TYPE, successEnvelope } from './envelope.js';
import { lostRaces, MAX_ATTEMPTS } from '../races.js';
import type { Reply } from '../reply.js';

/**
 * Wraps what a handler returns, then commits it, then sends it.
 *
 * It is the outermost interceptor: when it settles a reply, the plugin has run and the body is a string, so that
 * nothing after the commit can fail and cost the client its session.
 */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  async intercept(
    context: ExecutionContext,
    next: CallHandler<Reply<unknown>>,
  ): Promise<Observable<unknown>> {
    if (isBare(context)) return next.handle();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const reply = await lastValueFrom(next.handle());
      const body = JSON.stringify(successEnvelope(reply.data, reply.provenance));
      if (reply.settle === null || (await reply.settle())) {
        const http = context.switchToHttp();
        http.getRequest<FastifyRequest>().success = reply;
        http.getResponse<FastifyReply>().header('content-type', JSON_TYPE);
        return of(body);
      }
    }
    throw lostRaces();
  }
}

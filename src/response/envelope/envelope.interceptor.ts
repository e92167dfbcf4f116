import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { isRawResponse } from '../raw-response.decorator.js';
import { JSON_TYPE, successEnvelope } from './envelope.js';
import { lostRaces, MAX_ATTEMPTS, RaceLost } from '../races.js';
import { isOAuthRoute } from '../oauth-route.decorator.js';
import type { Prepared } from '../prepared.js';

/**
 * Wraps what a handler has prepared in the envelope, if the call has one, commits it, and sends it.
 *
 * It is the outermost interceptor: when it commits, the plugin has run and the body is a string, so nothing that
 * follows the commit can fail and cost the client its session. It is also the only place where a request that loses a
 * race to another one begins again.
 */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  async intercept(
    context: ExecutionContext,
    next: CallHandler<Prepared<unknown>>,
  ): Promise<Observable<unknown>> {
    if (isRawResponse(context)) return next.handle();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      try {
        const prepared = await lastValueFrom(next.handle());
        const body = JSON.stringify(
          isOAuthRoute(context) ? prepared.data : successEnvelope(prepared.data, prepared.provenance),
        );
        if (prepared.commit !== null && !(await prepared.commit())) continue;
        const http = context.switchToHttp();
        const request = http.getRequest<FastifyRequest>();
        request.provenance = prepared.provenance;
        request.subject = prepared.subject;
        const reply = http.getResponse<FastifyReply>();
        if (prepared.headers !== null) reply.headers(prepared.headers);
        reply.header('content-type', JSON_TYPE);
        return of(body);
      } catch (error) {
        if (!(error instanceof RaceLost)) throw error;
      }
    }
    throw lostRaces();
  }
}

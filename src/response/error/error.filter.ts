import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowedMethods } from '../allowed-methods.js';
import { failureEnvelope, JSON_TYPE, PROBLEM_TYPE, problemDetails } from '../envelope/envelope.js';
import { addVary } from '../vary.js';
import { type ApiError, errors } from './error-catalogue.js';
import { toApiError } from './failure.js';
import { preferredLanguage } from './language.js';
import { oauthError } from './oauth-error.js';
import { ResponseSettingsSource } from './response-settings.js';

/** Answers every exception, in the envelope or as problem details. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly allowedMethods: AllowedMethods,
    private readonly settings: ResponseSettingsSource,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    return this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  async answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (reply.sent) return;
    const error = this.precise(toApiError(thrown), request);
    request.failure = error;
    const settings = await this.settings.of(request);
    const language = preferredLanguage(request.headers, settings.language);
    const asProblem = request.headers.accept?.includes('application/problem+json') ?? false;
    if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
    if (error.allow !== undefined) reply.header('allow', error.allow.join(', '));
    if (error.headers !== undefined) reply.headers(error.headers);
    if (settings.format === 'oauth') {
      const { status, ...body } = oauthError(error);
      await reply.code(status).header('content-type', JSON_TYPE).send(JSON.stringify(body));
      return;
    }
    reply.code(settings.statusMode === 'always200' ? 200 : error.status);
    addVary(reply, 'Accept-Language');
    reply
      .header('content-type', asProblem ? PROBLEM_TYPE : JSON_TYPE)
      .send(JSON.stringify(asProblem ? problemDetails(error, language) : failureEnvelope(error, language)));
  }

  /** The router answers 404 for a known path with another method; RFC 9110 §15.5.6 requires 405 with `Allow`. */
  private precise(error: ApiError, request: FastifyRequest): ApiError {
    if (error.errorCode !== 'ROUTE_UNKNOWN' || request.url === undefined) return error;
    const allow = this.allowedMethods.of(request.url);
    // A route may also be unknown to this request only.
    return allow.length === 0 || allow.includes(request.method)
      ? error
      : errors.METHOD_NOT_ALLOWED({ allow });
  }
}

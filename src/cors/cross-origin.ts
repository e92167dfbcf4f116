import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callbackify } from 'node:util';
import { AllowedMethods } from '../response/allowed-methods.js';
import { namedOwnerId } from '../tenancy/oauth-path.js';
import { AllowedOrigins } from './allowed-origins.js';

/** What a page may send besides the headers that need no permission. */
const REQUEST_HEADERS = [
  'XownerId',
  'XverifyApi',
  'XsysId',
  'XuserFromFirstShareId',
  'XuserFromSecondShareId',
  'XfilterAreaCode',
  'Content-Type',
  'Authorization',
  'DPoP',
  'X-Request-Id',
  'traceparent',
].join(', ');

const EXPOSED_HEADERS = 'Date, x-request-id, Retry-After, WWW-Authenticate, DPoP-Nonce';

const MAX_AGE_SECONDS = 7_200;

/**
 * Lets pages of allowed origins read the responses, failures included (the Fetch Standard's CORS protocol).
 *
 * Not by `@fastify/cors`: it adds an `OPTIONS` route for every path, so that unknown paths would be 405 instead of 404,
 * and leaves a preflight of a foreign origin to that route, which answers 404.
 */
@Injectable()
export class CrossOrigin {
  constructor(
    private readonly origins: AllowedOrigins,
    private readonly methods: AllowedMethods,
  ) {}

  /** Adds the hook. Preflights end in it: they count towards no rate limit and need neither a project nor a route. */
  listen(fastify: FastifyInstance): void {
    const allow = callbackify((request: FastifyRequest, reply: FastifyReply, origin: string) =>
      this.allow(request, reply, origin),
    );
    fastify.addHook('onRequest', (request, reply, done) => {
      const { origin } = request.headers;
      if (origin === undefined) return done();
      allow(request, reply, origin, (error, isPreflight) => {
        if (error !== null) done(error);
        else if (isPreflight) reply.code(204).send();
        else done();
      });
    });
  }

  /** Adds the headers to a response that no hook sees. */
  async add(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { origin } = request.headers;
    if (origin !== undefined) await this.allow(request, reply, origin);
  }

  /** @returns whether the request is a preflight */
  private async allow(request: FastifyRequest, reply: FastifyReply, origin: string): Promise<boolean> {
    const isPreflight =
      request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    const allowance = await this.origins.allowance(isPreflight ? null : namedOwnerId(request), origin);
    if (allowance === null) return isPreflight;
    reply.header('access-control-allow-origin', origin);
    if (allowance.credentials) reply.header('access-control-allow-credentials', 'true');
    if (!isPreflight) {
      reply.header('access-control-expose-headers', EXPOSED_HEADERS);
      return false;
    }
    const methods = this.methods.of(request.url);
    reply.headers({
      // So that a page can read the 404 of a path that does not exist.
      'access-control-allow-methods': (methods.length === 0 ? this.methods.all() : methods).join(', '),
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': String(MAX_AGE_SECONDS),
    });
    return true;
  }
}

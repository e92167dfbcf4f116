// @ts-check
/**
 * Floor: the same work as `bare-http.mjs`, structured like the service: a Nest controller on Fastify behind a guard, a
 * query schema and two interceptors, one for the plugin and one for the envelope.
 *
 * `node bench/floors/bare-form.mjs --port 8000 --sessions 256`
 */
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import {
  Controller,
  Get,
  Module,
  Query,
  StandardSchemaValidationPipe,
  UnauthorizedException,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { map } from 'rxjs';
import { z } from 'zod';
import { envelope, grant, HEADERS, OPTIONS, seededSessions, verifier } from './bare-answer.mjs';

const { values } = parseArgs({ options: OPTIONS });
const sessions = seededSessions(Number(values.sessions));
const verify = verifier(values['verify-key']);

class RefreshController {
  /** @param {{ refreshToken: string }} query */
  async refresh({ refreshToken }) {
    const session = sessions.get(refreshToken);
    if (session === undefined) throw new UnauthorizedException();
    return grant(values.secret, session, session.token, 0);
  }
}
class BareModule {}

/** @type {import('@nestjs/common').CanActivate} */
const guard = {
  canActivate(context) {
    const { headers } = context.switchToHttp().getRequest();
    return headers.xownerid === 'ptdev' && verify(headers.xverifyapi);
  },
};

/** @type {import('@nestjs/common').NestInterceptor} */
const plugin = {
  intercept: (_context, next) => next.handle().pipe(map((data) => ({ ...data }))),
};

/** @type {import('@nestjs/common').NestInterceptor} */
const enveloping = {
  intercept: (context, next) =>
    next.handle().pipe(
      map((data) => {
        const reply = context.switchToHttp().getResponse();
        reply.headers(HEADERS);
        return envelope(data, 'local');
      }),
    ),
};

// Decorators are plain functions. Applying them by hand lets this file run without a build.
const method = Object.getOwnPropertyDescriptor(RefreshController.prototype, 'refresh');
if (method) Get('refresh')(RefreshController.prototype, 'refresh', method);
Query({ schema: z.object({ refreshToken: z.string().min(1).max(512) }) })(
  RefreshController.prototype,
  'refresh',
  0,
);
Controller('bo/api/v3/auth/token')(RefreshController);
Module({ controllers: [RefreshController] })(BareModule);

const app = await NestFactory.create(BareModule, new FastifyAdapter(), { logger: false });
app.useGlobalPipes(new StandardSchemaValidationPipe());
app.useGlobalGuards(guard);
app.useGlobalInterceptors(enveloping, plugin);
app.enableShutdownHooks();
await app.listen(Number(values.port), '127.0.0.1');

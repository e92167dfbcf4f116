import { Controller, Get, Module } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import express from 'express';
import { fastify } from 'fastify';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { requireAuth } from '../../packages/resource-server/src/express.js';
import { authPlugin } from '../../packages/resource-server/src/fastify.js';
import { type Host, processHost } from '../../packages/resource-server/src/host.js';
import { type Auth, Verifier, type VerifierOptions } from '../../packages/resource-server/src/index.js';
import { AuthModule, CurrentAuth, Public, RequireAuth } from '../../packages/resource-server/src/nest.js';

/** A service that accepts access tokens at `/me`, and at `/admin` those with the role `admin`. `/public` needs none. */
export interface ResourceServer {
  readonly url: string;
  /** Answers of the feed so far. */
  readonly feedAnswers: () => number;
  close(): Promise<void>;
}

/** The time that has passed, as all verifiers see it. It stands still unless the test moves it. */
export const time = { monotonic: 0 };

function verifierOf(options: VerifierOptions) {
  let answers = 0;
  const host: Host = {
    ...processHost,
    monotonic: () => time.monotonic,
    fetch: async (url, init) => {
      const response = await processHost.fetch(url, init);
      if (response.url.includes('/revocations')) answers++;
      return response;
    },
  };
  return { verifier: new Verifier(options, host), feedAnswers: () => answers };
}

const ADMIN = { roles: ['admin'] };
const callerOf = (auth: Auth | null | undefined) => ({
  caller: auth?.kind === 'user' ? auth.userId : auth?.kind,
});

@RequireAuth()
@Controller()
class NestController {
  @Get('me')
  me(@CurrentAuth() auth: Auth) {
    return callerOf(auth);
  }

  @RequireAuth(ADMIN)
  @Get('admin')
  admin(@CurrentAuth() auth: Auth) {
    return callerOf(auth);
  }

  @Public()
  @Get('public')
  public() {
    return {};
  }
}

async function nest(options: VerifierOptions, adapter: FastifyAdapter | ExpressAdapter) {
  const { verifier, feedAnswers } = verifierOf(options);
  @Module({ imports: [AuthModule.forRoot(options)], controllers: [NestController] })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Verifier)
    .useValue(verifier)
    .setLogger(false as never)
    .compile();
  const app = testing.createNestApplication(adapter);
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), feedAnswers, close: () => app.close() };
}

export const RESOURCE_SERVERS: Readonly<
  Record<string, (options: VerifierOptions) => Promise<ResourceServer>>
> = {
  'Nest on Fastify': (options) => nest(options, new FastifyAdapter()),
  'Nest on Express': (options) => nest(options, new ExpressAdapter()),

  Fastify: async (options) => {
    const { verifier, feedAnswers } = verifierOf(options);
    const app = fastify();
    await app.register(authPlugin, { verifier });
    app.get('/me', { onRequest: app.requireAuth() }, ({ auth }) => callerOf(auth));
    app.get('/admin', { onRequest: app.requireAuth(ADMIN) }, ({ auth }) => callerOf(auth));
    app.get('/public', () => ({}));
    return { url: await app.listen({ host: '127.0.0.1', port: 0 }), feedAnswers, close: () => app.close() };
  },

  Express: async (options) => {
    const { verifier, feedAnswers } = verifierOf(options);
    const app = express();
    app.set('env', 'test');
    const router = express.Router();
    router.get('/me', requireAuth(verifier), ({ auth }, response) => void response.json(callerOf(auth)));
    router.get(
      '/admin',
      requireAuth(verifier, ADMIN),
      ({ auth }, response) => void response.json(callerOf(auth)),
    );
    router.get('/public', (_request, response) => void response.json({}));
    app.use('/', router);
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const close = async () => {
      verifier.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    };
    return { url: `http://127.0.0.1:${port}`, feedAnswers, close };
  },
};

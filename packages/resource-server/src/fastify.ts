import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Auth, Requirements } from './auth.js';
import type { Verifier } from './verifier.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** An `onRequest` hook that sets `request.auth`, or refuses the request with an `AuthError`. */
    requireAuth(required?: Requirements): (request: FastifyRequest) => Promise<void>;
  }
  interface FastifyRequest {
    /** Who calls; `null` where no `requireAuth` hook has run. */
    auth: Auth | null;
  }
}

export interface AuthPluginOptions {
  /** Closed with the server. */
  readonly verifier: Verifier;
}

/** Adds `fastify.requireAuth()` and `request.auth`. Fastify answers an `AuthError` with its status and headers. */
export async function authPlugin(fastify: FastifyInstance, { verifier }: AuthPluginOptions): Promise<void> {
  fastify.decorateRequest('auth', null);
  fastify.decorate('requireAuth', (required?: Requirements) => async (request: FastifyRequest) => {
    const { method, originalUrl: url, headers } = request;
    request.auth = await verifier.authenticate({ method, url, headers }, required);
  });
  fastify.addHook('onClose', async () => verifier.close());
}

// What fastify-plugin does: the decorators also exist outside the plugin's own scope.
Object.assign(authPlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@bo-auth/resource-server',
  [Symbol.for('plugin-meta')]: { name: '@bo-auth/resource-server', fastify: '>=5' },
});

export default authPlugin;

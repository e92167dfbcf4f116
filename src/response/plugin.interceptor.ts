import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { PluginFailure } from '../plugins/plugin-failure.js';
import { DEFAULT_PLUGIN, PluginRegistry } from '../plugins/plugin-registry.js';
import { errors } from './error-catalogue.js';
import { Reply } from './reply.js';
import { takesResponsePlugin } from './response-plugin.decorator.js';

/**
 * Rewrites `data` by the plugin that `_nodejs` names.
 *
 * The name is judged before the handler runs: an unknown one must not spend a refresh token.
 */
@Injectable()
export class PluginInterceptor implements NestInterceptor {
  constructor(private readonly plugins: PluginRegistry) {}

  async intercept(context: ExecutionContext, next: CallHandler<Reply<object>>): Promise<Observable<unknown>> {
    if (!takesResponsePlugin(context)) return next.handle();
    const request = context
      .switchToHttp()
      .getRequest<FastifyRequest<{ Querystring: { _nodejs?: unknown } }>>();
    const name = request.query._nodejs ?? DEFAULT_PLUGIN;
    if (typeof name !== 'string' || this.plugins.find(name) === null) throw errors.PLUGIN_UNKNOWN();
    const reply = await lastValueFrom(next.handle());
    const data = await this.rewrite(name, reply.data, request);
    return of(new Reply(data, reply.provenance, reply.settle, reply.subject));
  }

  private async rewrite(name: string, data: object, request: FastifyRequest): Promise<object> {
    try {
      return await this.plugins.run(name, data, {
        ownerId: String(request.headers['xownerid']),
        method: request.method,
        route: request.routeOptions.url ?? '',
      });
    } catch (error) {
      if (error instanceof PluginFailure) throw errors.PLUGIN_FAILED({ detail: error.message });
      throw error;
    }
  }
}

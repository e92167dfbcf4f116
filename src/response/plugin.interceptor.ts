import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { mergeMap, type Observable } from 'rxjs';
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

  intercept(context: ExecutionContext, next: CallHandler<Reply<object>>): Observable<unknown> {
    if (!takesResponsePlugin(context)) return next.handle();
    const request = context
      .switchToHttp()
      .getRequest<FastifyRequest<{ Querystring: { _nodejs?: unknown } }>>();
    const name = request.query._nodejs ?? DEFAULT_PLUGIN;
    if (typeof name !== 'string' || this.plugins.find(name) === null) throw errors.PLUGIN_UNKNOWN();
    return next.handle().pipe(mergeMap((reply) => this.rewrite(name, reply, request)));
  }

  private async rewrite(
    name: string,
    { data, provenance, settle, subject }: Reply<object>,
    request: FastifyRequest,
  ): Promise<Reply<object>> {
    try {
      const rewritten = await this.plugins.run(name, data, {
        ownerId: String(request.headers['xownerid']),
        method: request.method,
        route: request.routeOptions.url ?? '',
      });
      return new Reply(rewritten, provenance, settle, subject);
    } catch (error) {
      if (error instanceof PluginFailure) throw errors.PLUGIN_FAILED({ detail: error.message });
      throw error;
    }
  }
}

import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { type Awaitable, andThen } from '../awaitable.js';
import { DEFAULT_PLUGIN, PluginRegistry } from '../plugins/plugin-registry.js';
import { errors } from './error/error-catalogue.js';
import type { Prepared } from './prepared.js';
import { takesResponsePlugin } from './response-plugin.decorator.js';

/**
 * Rewrites `data` by the response plugin that `_nodejs` names.
 *
 * The name is checked before the handler runs: an unknown one must not spend a refresh token.
 */
@Injectable()
export class PluginInterceptor implements NestInterceptor {
  constructor(private readonly plugins: PluginRegistry) {}

  intercept(context: ExecutionContext, next: CallHandler<Prepared<object>>): Observable<unknown> {
    if (!takesResponsePlugin(context)) return next.handle();
    const request = context
      .switchToHttp()
      .getRequest<FastifyRequest<{ Querystring: { _nodejs?: unknown } }>>();
    const name = request.query._nodejs ?? DEFAULT_PLUGIN;
    if (typeof name !== 'string' || this.plugins.find(name) === null) throw errors.PLUGIN_UNKNOWN();
    // A promise inside the stream is awaited together with the answer.
    return next.handle().pipe(map((prepared) => this.rewrite(name, prepared, request)));
  }

  private rewrite(
    name: string,
    prepared: Prepared<object>,
    request: FastifyRequest,
  ): Awaitable<Prepared<object>> {
    const rewritten = this.plugins.run(name, prepared.data, {
      ownerId: String(request.headers['xownerid']),
      method: request.method,
      route: request.routeOptions.url ?? '',
    });
    return andThen(rewritten, (rewritten) => prepared.with(rewritten));
  }
}

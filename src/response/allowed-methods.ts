import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import createRouter, { type HTTPMethod } from 'find-my-way';

/** Which methods a path answers to, collected while the routes are registered. */
@Injectable()
export class AllowedMethods {
  private readonly router = createRouter();
  private readonly methods = new Set<HTTPMethod>();

  learnFrom(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat() as HTTPMethod[]) {
        if (this.router.hasRoute(each, url)) continue;
        this.methods.add(each);
        this.router.on(each, url, () => {});
      }
    });
  }

  /** Of all paths. */
  all(): string[] {
    return [...this.methods].toSorted();
  }

  /** @param url as in the request line, with its query */
  of(url: string): string[] {
    const path = url.split('?', 1)[0] ?? '';
    return [...this.methods].filter((method) => this.router.find(method, path) !== null).toSorted();
  }
}

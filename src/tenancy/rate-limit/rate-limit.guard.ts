import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { addressMatcher, clientAddress, clientNetwork } from '../../network/client-address.js';
import { isRawResponse } from '../../response/raw-response.decorator.js';
import { errors } from '../../response/error/error-catalogue.js';
import { ProjectDirectory } from '../project/project-directory.js';
import { RequestRate } from './request-rate.js';
import { namedOwnerId } from '../oauth-path.js';

/**
 * Counts requests by project and client address (IPv6: /64), before any expensive work: an attacker who guesses tokens or keys
 * locks out only their own address. Unknown projects share one count per address, so that invented names neither
 * escape the limit nor fill the memory.
 *
 * `RATE_LIMIT_EXEMPT` lists clients that are not counted, such as back ends that introspect tokens.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly isExempt: (address: string | undefined) => boolean;

  constructor(
    private readonly rate: RequestRate,
    private readonly projects: ProjectDirectory,
    @Inject(CONFIG) { rateLimitExempt }: Config,
  ) {
    this.isExempt = addressMatcher(rateLimitExempt);
  }

  canActivate(context: ExecutionContext): true | Promise<true> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!isRawResponse(context)) return this.isUnlimited(request) || this.count(request);
    // Probes must be answered no matter what else an address sends.
    if (request.routeOptions.url?.startsWith('/health/') === true) return true;
    return this.countRaw(request);
  }

  /** Counts a request outside the API, which names no project. */
  countRaw(request: FastifyRequest): true | Promise<true> {
    if (this.isUnlimited(request)) return true;
    return this.refuseAbove(`*/${clientNetwork(clientAddress(request))}`);
  }

  /** Not by the peer's address: behind a proxy that cannot tell the client's, everybody would be exempt. */
  private isUnlimited({ ip }: FastifyRequest): boolean {
    return this.rate.limit === 0 || this.isExempt(ip);
  }

  private async count(request: FastifyRequest): Promise<true> {
    const ownerId = namedOwnerId(request);
    const known = ownerId !== null && (await this.projects.find(ownerId)) !== null;
    return this.refuseAbove(`${known ? ownerId : ''}/${clientNetwork(clientAddress(request))}`);
  }

  private async refuseAbove(key: string): Promise<true> {
    const waitMs = await this.rate.count(key);
    if (waitMs > 0) throw errors.RATE_LIMITED({ retryAfter: Math.ceil(waitMs / 1000) });
    return true;
  }
}

import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { BARE } from '../response/bare.decorator.js';
import { errors } from '../response/error-catalogue.js';
import { ProjectDirectory } from './project-directory.js';
import { ownerIdOf } from './tenant-header.js';

/**
 * Counts requests by project and client address, before anything dear is done for them: whoever guesses tokens
 * or keys locks out nobody but himself. Unknown projects share one count an address, so that inventing names
 * neither escapes the limit nor fills the memory.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly limiter: RateLimiterMemory | null;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly reflector: Reflector,
    private readonly projects: ProjectDirectory,
  ) {
    const points = config.rateLimitPerMinute;
    this.limiter = points === 0 ? null : new RateLimiterMemory({ points, duration: 60 });
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.limiter === null) return true;
    if (this.reflector.getAllAndOverride<true>(BARE, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const ownerId = ownerIdOf(request);
    const known = ownerId !== null && (await this.projects.find(ownerId)) !== null;
    try {
      await this.limiter.consume(`${known ? ownerId : ''}/${request.ip}`);
      return true;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw errors.RATE_LIMITED({ retryAfter: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) });
    }
  }
}

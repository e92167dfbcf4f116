import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { BearerGuard } from '../auth/bearer/bearer.guard.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { clientAddress } from '../network/client-address.js';
import { errors } from '../response/error/error-catalogue.js';
import { tenantOf } from '../tenancy/tenant.js';
import { TenantScope } from '../tenancy/tenant-scope.js';
import type { Administrator } from './administrator.js';

const BEARER = /^Bearer +(\S{1,8192})$/i;

/**
 * Admits the platform operator by the operator token, and developers of a project by their access token.
 *
 * Whether a user is a developer is read from the user's row, not from the token: losing the role takes effect
 * immediately.
 *
 * @see RFC 6750 §2.1
 */
@Injectable()
export class AdministratorGuard implements CanActivate {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly bearer: BearerGuard,
    private readonly scope: TenantScope,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!this.isOperator(request)) {
      request.administrator = await this.developer(context);
      return true;
    }
    await this.scope.assertKnown(tenantOf(request));
    request.administrator = operator(request);
    return true;
  }

  private isOperator({ headers }: FastifyRequest): boolean {
    const token = BEARER.exec(headers.authorization ?? '')?.[1];
    const { operatorTokenHash } = this.config;
    if (token === undefined || operatorTokenHash === null) return false;
    return timingSafeEqual(createHash('sha256').update(token, 'latin1').digest(), operatorTokenHash);
  }

  private async developer(context: ExecutionContext): Promise<Administrator> {
    await this.bearer.canActivate(context);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { caller, id } = request;
    if (caller?.user.developer !== 1) throw errors.ADMIN_FORBIDDEN({ detail: 'not a developer' });
    const { ownerId, userId } = caller.user;
    return { kind: 'developer', ownerId, userId, ip: clientAddress(request), requestId: id };
  }
}

function operator(request: FastifyRequest): Administrator {
  const ip = clientAddress(request);
  return { kind: 'operator', ownerId: null, userId: null, ip, requestId: request.id };
}

/** The administrator as a handler argument. */
export const CurrentAdministrator = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { administrator } = context.switchToHttp().getRequest<FastifyRequest>();
  if (administrator === null)
    throw new Error('CurrentAdministrator is used on a handler without AdministratorGuard');
  return administrator;
});

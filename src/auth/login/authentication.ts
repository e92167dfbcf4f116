import { Injectable, Logger } from '@nestjs/common';
import { clientNetwork } from '../../network/client-address.js';
import { errors } from '../../response/error/error-catalogue.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { TenantScope } from '../../tenancy/tenant-scope.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import type { Client } from '../client.js';
import type { HashFor } from '../password/hash-queue.js';
import { Passwords } from '../password/passwords.js';
import { loginReports } from './login-report.js';

/** What a user presents to prove who they are. */
export interface Credentials {
  readonly userName: string;
  readonly password: string;
}

/** A user whose credentials were right. */
export interface Authenticated {
  readonly user: User;
  /**
   * Call once the user's request was granted: replaces an imported password hash by one of our own. Never rejects: the
   * next login tries again.
   */
  readonly renewHash: () => Promise<void>;
}

/** Verifies credentials. Every call that takes a password goes through here. */
@Injectable()
export class Authentication {
  private readonly logger = new Logger(Authentication.name);

  constructor(
    private readonly users: UserDirectory,
    private readonly scope: TenantScope,
    private readonly passwords: Passwords,
  ) {}

  /**
   * @param signal aborted when the client disconnects
   * @throws CREDENTIALS_REFUSED for an unknown name, a wrong password and a disabled user alike
   */
  async authenticate(
    tenant: Tenant,
    { userName, password }: Credentials,
    client: Client,
    signal: AbortSignal,
  ): Promise<Authenticated> {
    const { ownerId } = tenant.project;
    const whom = { ownerId, network: clientNetwork(client.ip) };
    const user = await this.users.findByName(ownerId, userName);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, password, { ...whom, signal });
    if (user === null || !matches || user.status !== 'active') {
      loginReports.publish('refused');
      const reason = user === null ? 'no such user' : matches ? user.status : 'wrong password';
      throw errors.CREDENTIALS_REFUSED({ detail: `${reason}: ${userName.slice(0, 64)}` });
    }
    await this.scope.assertWithin(tenant, user);
    return { user, renewHash: () => this.renewHash(user, password, whom) };
  }

  private async renewHash(user: User, password: string, whom: HashFor): Promise<void> {
    try {
      const renewed = await this.passwords.renew(user.passwordHash, password, whom);
      if (renewed !== null) await this.users.replaceHash(user, renewed);
    } catch (error) {
      this.logger.warn(`the password hash of ${user.userId} of ${user.ownerId} was not renewed`, error);
    }
  }
}

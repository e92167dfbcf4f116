import { Injectable, Logger } from '@nestjs/common';
import { clientNetwork } from '../../network/client-address.js';
import { type ApiError, errors } from '../../response/error/error-catalogue.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { TenantScope } from '../../tenancy/tenant-scope.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import type { Client } from '../client.js';
import type { HashFor } from '../password/hash-queue.js';
import { Passwords } from '../password/passwords.js';
import { SecondFactors } from '../second-factor/second-factors.js';
import type { Alongside } from '../session/session.store.js';
import { loginReports } from './login-report.js';

/** What a user presents to prove who they are. */
export interface Credentials {
  readonly userName: string;
  readonly password: string;
  /** Of the second factor: six digits, or a recovery code. Ignored where none is needed. */
  readonly code?: string | undefined;
}

/** A user whose password was right. */
export interface PasswordVerified {
  readonly user: User;
  /**
   * Call once the user's request was granted: replaces an imported password hash by one of our own. Never rejects: the
   * next login tries again.
   */
  readonly renewHash: () => Promise<void>;
}

/** A user whose credentials were right. */
export interface Authenticated extends PasswordVerified {
  /** Uses up the code, in the transaction of what the user asked for; `null`: no code was needed. */
  readonly spendCode: Alongside | null;
}

/** Verifies credentials. Every call that takes a password goes through here. */
@Injectable()
export class Authentication {
  private readonly logger = new Logger(Authentication.name);

  constructor(
    private readonly users: UserDirectory,
    private readonly scope: TenantScope,
    private readonly passwords: Passwords,
    private readonly secondFactors: SecondFactors,
  ) {}

  /**
   * @param signal aborted when the client disconnects
   * @throws what {@link verifyPassword} throws; SECOND_FACTOR_REQUIRED, SECOND_FACTOR_REFUSED,
   *   SECOND_FACTOR_ENROLMENT_REQUIRED
   */
  async authenticate(
    tenant: Tenant,
    credentials: Credentials,
    client: Client,
    signal: AbortSignal,
  ): Promise<Authenticated> {
    const verified = await this.verifyPassword(tenant, credentials, client, signal);
    const spendCode = await this.judgeCode(tenant, verified.user, credentials.code, client);
    return { ...verified, spendCode };
  }

  /**
   * The first factor alone, for a user who enrols for the second.
   *
   * @throws CREDENTIALS_REFUSED for an unknown name, a wrong password and a disabled user alike
   */
  async verifyPassword(
    tenant: Tenant,
    { userName, password }: Credentials,
    client: Client,
    signal: AbortSignal,
  ): Promise<PasswordVerified> {
    const { ownerId } = tenant.project;
    const whom = { ownerId, network: clientNetwork(client.ip) };
    const user = await this.users.findByName(ownerId, userName);
    const decoys = tenant.project.passwordDecoys ?? [];
    const matches = await this.passwords.verify(user, decoys, password, { ...whom, signal });
    if (user === null || !matches || user.status !== 'active') {
      loginReports.publish('refused');
      const reason = user === null ? 'no such user' : matches ? user.status : 'wrong password';
      throw errors.CREDENTIALS_REFUSED({ detail: `${reason}: ${userName.slice(0, 64)}` });
    }
    await this.scope.assertWithin(tenant, user);
    return { user, renewHash: () => this.renewHash(user, password, whom) };
  }

  /** The error for a wrong code. Every code that is refused comes through here. */
  codeRefused(user: User): ApiError {
    loginReports.publish('refused');
    return errors.SECOND_FACTOR_REFUSED({ detail: `wrong or used code: ${user.userId}` });
  }

  private async judgeCode(
    { project }: Tenant,
    user: User,
    code: string | undefined,
    client: Client,
  ): Promise<Alongside | null> {
    const verdict = await this.secondFactors.judge(project, user, code, client);
    if (verdict.kind === 'accepted') return verdict.spend;
    if (verdict.kind === 'not-needed') return null;
    // A missing code is no failed login: the password was right, and a client may ask for the code only then.
    if (verdict.kind === 'missing') throw errors.SECOND_FACTOR_REQUIRED({ detail: user.userId });
    if (verdict.kind === 'not-enrolled')
      throw errors.SECOND_FACTOR_ENROLMENT_REQUIRED({ detail: user.userId });
    throw this.codeRefused(user);
  }

  private async renewHash(user: User, password: string, whom: HashFor): Promise<void> {
    try {
      const renewed = await this.passwords.renew(user, password, whom);
      if (renewed !== null) await this.users.replaceHash(user, renewed);
    } catch (error) {
      this.logger.warn(`the password hash of ${user.userId} of ${user.ownerId} was not renewed`, error);
    }
  }
}

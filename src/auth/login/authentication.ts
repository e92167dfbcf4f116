import { Injectable, Logger } from '@nestjs/common';
import { clientNetwork } from '../../network/client-address.js';
import { type ApiError, errors } from '../../response/error/error-catalogue.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { TenantScope } from '../../tenancy/tenant-scope.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import type { Client } from '../client.js';
import type { HashFor } from '../password/hash-queue.js';
import { LockOut } from '../lock-out/lock-out.js';
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

/** A user whose credentials were right. */
export interface Authenticated<Code> {
  readonly user: User;
  /** What the check of the second factor returned. */
  readonly code: Code;
  /**
   * Call once the user's request was granted: replaces an imported password hash by one of our own, and notes the network
   * as usual. Never rejects: the next login tries again.
   */
  readonly afterGrant: () => Promise<void>;
  /** Call instead if the request replaced the password. Never rejects either. */
  readonly noteNetwork: () => Promise<void>;
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
    private readonly lockOut: LockOut,
  ) {}

  /**
   * @param signal aborted when the client disconnects
   * @returns as `code` what uses up the code, in the transaction of what the user asked for; `null`: no code was needed
   * @throws what {@link verify} throws; SECOND_FACTOR_REQUIRED, SECOND_FACTOR_REFUSED, SECOND_FACTOR_ENROLMENT_REQUIRED
   */
  authenticate(
    tenant: Tenant,
    credentials: Credentials,
    client: Client,
    signal: AbortSignal,
  ): Promise<Authenticated<Alongside | null>> {
    return this.verify(tenant, credentials, client, signal, (user) =>
      this.judgeCode(tenant, user, credentials.code, client),
    );
  }

  /**
   * Verifies the password, and then whatever `judgeCode` says of the second factor. The login has failed if either refuses:
   * a right password alone must not reset the count of failures, or codes could be guessed without end.
   *
   * @throws CREDENTIALS_REFUSED for an unknown name, a wrong password and a disabled user alike; LOGIN_LOCKED
   */
  async verify<Code>(
    tenant: Tenant,
    { userName, password }: Credentials,
    client: Client,
    signal: AbortSignal,
    judgeCode: (user: User) => Promise<Code>,
  ): Promise<Authenticated<Code>> {
    const { project } = tenant;
    const whom = { ownerId: project.ownerId, network: clientNetwork(client.ip) };
    const found = await this.users.findByName(project.ownerId, userName);
    const login = { project, userName, user: found, client, signal };
    const { user, code } = await this.lockOut.guard(login, async () => {
      const user = await this.comparePassword(tenant, found, { userName, password }, { ...whom, signal });
      const code = await judgeCode(user);
      // Last: who has the password alone learns nothing about systems and areas.
      await this.scope.assertWithin(tenant, user);
      return { user, code };
    });
    const noteNetwork = () => this.lockOut.noteNetwork(login);
    const afterGrant = async () => {
      await this.renewHash(user, password, whom);
      await noteNetwork();
    };
    return { user, code, afterGrant, noteNetwork };
  }

  /** @throws CREDENTIALS_REFUSED */
  private async comparePassword(
    { project }: Tenant,
    user: User | null,
    { userName, password }: Credentials,
    whom: HashFor,
  ): Promise<User> {
    const matches = await this.passwords.verify(user, project.passwordDecoys ?? [], password, whom);
    if (user !== null && matches && user.status === 'active') return user;
    loginReports.publish('refused');
    const reason = user === null ? 'no such user' : matches ? user.status : 'wrong password';
    throw errors.CREDENTIALS_REFUSED({ detail: `${reason}: ${userName.slice(0, 64)}` });
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

import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../config/clock.js';
import { loginNetwork } from '../../network/client-address.js';
import { ApiError, errors } from '../../response/error/error-catalogue.js';
import type { Project } from '../../tenancy/project/project.entity.js';
import type { User } from '../../tenancy/user/user.entity.js';
import type { Client } from '../client.js';
import { lockedLogins, loginLocks } from './lock-out-report.js';
import { LoginFailures } from './login-failures.js';
import { type Admitted, LoginGate } from './login-gate.js';
import type { LoginLimits } from './login-record.js';
import { type FailureReason, LoginTrail } from './login-trail.js';
import { UsualNetworks } from './usual-networks.js';

type Limited = Pick<Project, 'ownerId' | 'loginMaxFailures' | 'loginLockSeconds'>;

/** A login whose credentials are to be compared. */
export interface AttemptedLogin {
  readonly project: Limited;
  readonly userName: string;
  /** The user with this name, or `null`. */
  readonly user: Pick<User, 'userId' | 'status'> | null;
  readonly client: Client;
  /** Aborted when the client disconnects. */
  readonly signal?: AbortSignal;
}

/** Refuses logins after too many failures. Login names that nobody has are treated like others. */
@Injectable()
export class LockOut {
  private readonly logger = new Logger(LockOut.name);

  constructor(
    private readonly clock: Clock,
    private readonly gate: LoginGate,
    private readonly failures: LoginFailures,
    private readonly usualNetworks: UsualNetworks,
    private readonly trail: LoginTrail,
  ) {}

  /**
   * Runs `compare`, which compares the user's credentials, unless the login is locked.
   *
   * The login has failed if `compare` throws CREDENTIALS_REFUSED or SECOND_FACTOR_REFUSED; any other error says nothing
   * about the credentials.
   *
   * @throws LOGIN_LOCKED, UNAVAILABLE, and what `compare` throws
   */
  async guard<T>(login: AttemptedLogin, compare: () => Promise<T>): Promise<T> {
    const admitted = await this.admit(login);
    let result: T;
    try {
      result = await compare();
    } catch (error) {
      const reason = failureReason(error, login);
      if (reason !== null) await this.fail(login, admitted, reason);
      // If this fails too, the login counts as a failure once it is known to be cut off.
      else if (admitted !== null) await this.gate.end(admitted, 'withdraw').catch(() => undefined);
      throw error;
    }
    if (admitted !== null) await this.gate.end(admitted, 'succeed');
    return result;
  }

  /** Call after a successful login: its network is a usual one of the user now. Never rejects: the next login tries again. */
  async noteNetwork({ project, user, client }: AttemptedLogin): Promise<void> {
    if (user === null || limitsOf(project) === null) return;
    try {
      const network = loginNetwork(client.ip);
      await this.usualNetworks.note(project.ownerId, user.userId, network, this.clock.now());
    } catch (error) {
      this.logger.warn(`the network of a login of ${user.userId} of ${project.ownerId} was not noted`, error);
    }
  }

  /** Forgets the failures of a user. */
  unlock({ ownerId, userId, userName }: Pick<User, 'ownerId' | 'userId' | 'userName'>): Promise<void> {
    return this.failures.forget(this.gate.keyOf(ownerId, userName), userId);
  }

  /** @returns the ids of the locked users after one, in ascending order */
  async lockedUsers(ownerId: string, after: string | null): Promise<string[]> {
    const locked = await this.failures.lockedUsers(ownerId, this.clock.now());
    return locked.filter((userId) => after === null || userId > after).toSorted();
  }

  /** @returns `null` if the project counts no failures */
  private async admit({ project, userName, user, client, signal }: AttemptedLogin): Promise<Admitted | null> {
    const limits = limitsOf(project);
    if (limits === null) return null;
    const admission = await this.gate.admit({
      ownerId: project.ownerId,
      userName,
      userId: user?.userId ?? null,
      network: loginNetwork(client.ip),
      limits,
      ...(signal && { signal }),
    });
    if (!('kind' in admission)) return admission;
    lockedLogins.publish();
    const seconds = Math.ceil((admission.until - this.clock.now()) / 1000);
    throw errors.LOGIN_LOCKED({
      // Not the name, which may be a password when nobody has it.
      detail: user?.userId ?? 'no such user',
      retryAfter: Math.max(1, seconds),
    });
  }

  private async fail(login: AttemptedLogin, admitted: Admitted | null, reason: FailureReason): Promise<void> {
    const { project, user, client } = login;
    const ended = admitted === null ? null : await this.gate.end(admitted, 'fail');
    const locks = ended?.after.locksSince(ended.before) ?? [];
    for (const scope of locks) loginLocks.publish(scope);
    await this.trail.record({
      ownerId: project.ownerId,
      user,
      client,
      reason,
      locks,
      network: loginNetwork(client.ip),
      lockedUntil: ended?.after.lockedUntil ?? null,
    });
  }
}

/** A cached project may be of the previous release, which did not have these settings. */
function limitsOf({ loginMaxFailures = 5, loginLockSeconds = 600 }: Partial<Limited>): LoginLimits | null {
  return loginMaxFailures === 0 ? null : { maxFailures: loginMaxFailures, lockMs: loginLockSeconds * 1_000 };
}

/** @returns `null` if the error says nothing about the credentials */
function failureReason(error: unknown, { user }: AttemptedLogin): FailureReason | null {
  const code: string = error instanceof ApiError ? error.errorCode : '';
  if (code === 'SECOND_FACTOR_REFUSED') return 'second-factor';
  if (code !== 'CREDENTIALS_REFUSED') return null;
  if (user === null) return 'unknown-user';
  return user.status === 'active' ? 'wrong-password' : 'disabled';
}

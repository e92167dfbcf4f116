import { Injectable } from '@nestjs/common';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent } from '../../audit/auth-event.js';
import { LockOut } from '../../auth/lock-out/lock-out.js';
import { Clock } from '../../config/clock.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import { type Administrator, assertAdministers } from '../administrator.js';

/** Unlocks users whose logins have failed too often. */
@Injectable()
export class UserLocks {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly directory: UserDirectory,
    private readonly lockOut: LockOut,
  ) {}

  /**
   * Forgets all failed logins of the user, whether they have locked anything or not.
   *
   * @throws USER_UNKNOWN
   */
  async unlock(
    administrator: Administrator,
    ownerId: string,
    userId: string,
  ): Promise<{ readonly unlocked: true }> {
    assertAdministers(administrator, ownerId);
    const user = await this.directory.findCommitted(ownerId, userId);
    if (user === null) throw errors.USER_UNKNOWN();
    await this.lockOut.unlock(user);
    const event = administrationEvent('user-unlocked', administrator, user, this.clock.now());
    await this.database.transact((transaction) => writeEvent(transaction, event));
    return { unlocked: true };
  }
}

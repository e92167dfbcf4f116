import { Injectable } from '@nestjs/common';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent } from '../../audit/auth-event.js';
import { resetSecondFactor } from '../../auth/second-factor/second-factor-row.js';
import { Clock } from '../../config/clock.js';
import { holdRow } from '../../database/hold-row.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { type Administrator, assertAdministers } from '../administrator.js';

/** Removes the second factor of users who have lost theirs. */
@Injectable()
export class UserSecondFactor {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
  ) {}

  /**
   * The sessions of the user stay. Where the project requires a second factor, the user has to enrol before the next
   * login.
   *
   * @returns whether the user was enrolled
   * @throws USER_UNKNOWN
   */
  async reset(
    administrator: Administrator,
    ownerId: string,
    userId: string,
  ): Promise<{ readonly reset: boolean }> {
    assertAdministers(administrator, ownerId);
    const event = administrationEvent(
      'second-factor-reset',
      administrator,
      { ownerId, userId },
      this.clock.now(),
    );
    const reset = await this.database.transact(async (transaction) => {
      const user = await holdRow(transaction, 'bo_user', { owner_id: ownerId, user_id: userId });
      if (user === null) return null;
      const wasEnrolled = await resetSecondFactor(transaction, { ownerId, userId });
      if (wasEnrolled) await writeEvent(transaction, event);
      return wasEnrolled;
    });
    if (reset === null) throw errors.USER_UNKNOWN();
    return { reset };
  }
}

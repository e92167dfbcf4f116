import { Injectable } from '@nestjs/common';
import { writeEvent } from '../../audit/audit-trail.js';
import { type SessionEventKind, sessionEvent } from '../../audit/auth-event.js';
import { Clock } from '../../config/clock.js';
import { holdRow } from '../../database/hold-row.js';
import { SqlDatabase, type SqlTransaction } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { Prepared } from '../../response/prepared.js';
import type { Tenant } from '../../tenancy/tenant.js';
import type { User } from '../../tenancy/user/user.entity.js';
import type { Client } from '../client.js';
import { LockOut } from '../lock-out/lock-out.js';
import { Authentication, type Credentials } from '../login/authentication.js';
import { newRecoveryCodes, recoveryCodeHash } from '../second-factor/recovery-codes.js';
import {
  beginEnrolment,
  type Holder,
  removeSecondFactor,
  replaceSecondFactor,
  type StoredSecondFactor,
} from '../second-factor/second-factor-row.js';
import { SecondFactors, usesSecondFactor } from '../second-factor/second-factors.js';
import { base32, newTotpSecret, otpauthUri } from '../second-factor/totp.js';

/** What the user gives to an authenticator app. Shown only this once. */
export interface NewSecret {
  /** Base32, to be typed. */
  readonly secret: string;
  /** The same as the content of a QR code. */
  readonly otpauthUri: string;
}

/** Users enrol for the second factor, and remove it. Each step is one transaction. */
@Injectable()
export class Enrolment {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly authentication: Authentication,
    private readonly secondFactors: SecondFactors,
    private readonly lockOut: LockOut,
  ) {}

  /**
   * Begins an enrolment, in place of one that was not confirmed.
   *
   * @param signal aborted when the client disconnects
   * @throws what {@link Authentication.verify} throws; SECOND_FACTOR_CONFLICT
   */
  async begin(
    tenant: Tenant,
    credentials: Credentials,
    client: Client,
    signal: AbortSignal,
  ): Promise<Prepared<NewSecret>> {
    const { project } = tenant;
    assertInUse(tenant);
    const { user } = await this.authentication.verify(
      tenant,
      credentials,
      client,
      signal,
      // Otherwise anyone who knows the password could replace the second factor.
      async (user) => assertNotEnrolled(await this.secondFactors.find(user)),
    );
    const secret = newTotpSecret();
    const sealed = this.secondFactors.seal(secret, user);
    const data = { secret: base32(secret), otpauthUri: otpauthUri(secret, project.name, user.userName) };
    const commit = () =>
      this.database.transact(
        async (transaction) =>
          (await isUnchanged(transaction, user, user.passwordHash)) &&
          beginEnrolment(transaction, user, sealed, this.clock.now()),
      );
    // The password alone makes no network a usual one.
    return new Prepared(data, null, commit);
  }

  /**
   * Completes the enrolment by a first code. From then on logins need one.
   *
   * @param signal aborted when the client disconnects
   * @returns the recovery codes, which are shown only this once
   * @throws what {@link Authentication.verify} throws; SECOND_FACTOR_CONFLICT, SECOND_FACTOR_REFUSED
   */
  async confirm(
    tenant: Tenant,
    credentials: Credentials & { readonly code: string },
    client: Client,
    signal: AbortSignal,
  ): Promise<Prepared<{ readonly recoveryCodes: readonly string[] }>> {
    assertInUse(tenant);
    const { user, code, afterGrant } = await this.authentication.verify(
      tenant,
      credentials,
      client,
      signal,
      async (user) => {
        const stored = await this.secondFactors.find(user);
        assertNotEnrolled(stored);
        if (stored === null)
          throw errors.SECOND_FACTOR_CONFLICT({ text: 'No enrolment has begun. Begin one first.' });
        const confirmed = this.secondFactors.afterUse(stored, credentials.code);
        if (confirmed === null) throw this.authentication.codeRefused(user);
        return { stored, confirmed };
      },
    );
    const { stored, confirmed } = code;
    const recoveryCodes = newRecoveryCodes();
    const enrolled: StoredSecondFactor = {
      ...confirmed,
      status: 'enrolled',
      recoveryCodes: recoveryCodes.map(recoveryCodeHash),
    };
    const commit = () =>
      this.change(user, 'second-factor-enrolled', client, user.passwordHash, (transaction) =>
        replaceSecondFactor(transaction, stored, enrolled),
      );
    return new Prepared({ recoveryCodes }, null, commit).andThen(afterGrant);
  }

  /**
   * Removes the second factor of a signed-in user. A wrong code counts as a failed login.
   *
   * @throws SECOND_FACTOR_CONFLICT, SECOND_FACTOR_REFUSED, LOGIN_LOCKED
   */
  async remove(
    { project }: Tenant,
    user: User,
    code: string,
    client: Client,
  ): Promise<Prepared<{ readonly removed: 1 }>> {
    if (project.secondFactor !== 'optional')
      throw errors.SECOND_FACTOR_CONFLICT({
        text: 'The second factor can be removed only where the project makes it optional.',
      });
    const stored = await this.lockOut.guard({ project, userName: user.userName, user, client }, async () => {
      const found = await this.secondFactors.find(user);
      if (found?.status !== 'enrolled')
        throw errors.SECOND_FACTOR_CONFLICT({ text: 'The user has no second factor.' });
      if (this.secondFactors.afterUse(found, code) === null) throw this.authentication.codeRefused(user);
      return found;
    });
    const commit = () =>
      this.change(user, 'second-factor-removed', client, null, (transaction) =>
        removeSecondFactor(transaction, stored),
      );
    return new Prepared({ removed: 1 }, null, commit);
  }

  private change(
    user: Holder,
    kind: SessionEventKind,
    client: Client,
    verifiedHash: string | null,
    write: (transaction: SqlTransaction) => Promise<boolean>,
  ): Promise<boolean> {
    return this.database.transact(async (transaction) => {
      if (!(await isUnchanged(transaction, user, verifiedHash)) || !(await write(transaction))) return false;
      await writeEvent(transaction, sessionEvent(kind, client, { ...user, id: null }, this.clock.now()));
      return true;
    });
  }
}

/**
 * Locks the user, who may have been disabled or deleted since the request began, or have another password than the one
 * that was verified.
 */
async function isUnchanged(
  transaction: SqlTransaction,
  { ownerId, userId }: Holder,
  verifiedHash: string | null,
): Promise<boolean> {
  const user = await holdRow<{ status: string; password_hash: string }>(transaction, 'bo_user', {
    owner_id: ownerId,
    user_id: userId,
  });
  return user?.status === 'active' && (verifiedHash === null || user.password_hash === verifiedHash);
}

function assertInUse({ project }: Tenant): void {
  if (!usesSecondFactor(project))
    throw errors.SECOND_FACTOR_CONFLICT({ text: 'The project does not use a second factor.' });
}

function assertNotEnrolled(stored: StoredSecondFactor | null): void {
  if (stored?.status === 'enrolled')
    throw errors.SECOND_FACTOR_CONFLICT({ text: 'The user already has a second factor.' });
}

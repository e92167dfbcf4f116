import { Inject, Injectable } from '@nestjs/common';
import { sessionEvent } from '../../audit/auth-event.js';
import { writeEvent } from '../../audit/audit-trail.js';
import { Clock } from '../../config/clock.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import type { Client } from '../client.js';
import type { Alongside } from '../session/session.store.js';
import { recoveryCodeHash } from './recovery-codes.js';
import {
  findSecondFactor,
  type Holder,
  replaceSecondFactor,
  type StoredSecondFactor,
} from './second-factor-row.js';
import { SecondFactorSeal } from './second-factor-seal.js';
import { stepOf } from './totp.js';

/** What a login's code, or its absence, amounts to. */
export type CodeVerdict =
  | { readonly kind: 'not-needed' }
  /** `spend` uses the code up, in the transaction of what it is used for. */
  | { readonly kind: 'accepted'; readonly spend: Alongside }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'not-enrolled' };

const TOTP_CODE = /^\d{6}$/;

/** The second factors of users: secrets for time-based one-time passwords, and recovery codes. @see RFC 6238 */
@Injectable()
export class SecondFactors {
  private readonly secrets: SecondFactorSeal;

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @Inject(CONFIG) { peppers }: Config,
  ) {
    this.secrets = new SecondFactorSeal(peppers);
  }

  /** Judges the code of a user whose password was right. Reads nothing if the project uses no second factor. */
  async judge(
    project: TenantProject,
    user: Holder,
    code: string | undefined,
    client: Client,
  ): Promise<CodeVerdict> {
    if (!usesSecondFactor(project)) return { kind: 'not-needed' };
    const stored = await this.find(user);
    if (stored?.status !== 'enrolled')
      return { kind: project.secondFactor === 'required' ? 'not-enrolled' : 'not-needed' };
    if (code === undefined) return { kind: 'missing' };
    const next = this.afterUse(stored, code);
    if (next === null) return { kind: 'refused' };
    const spend: Alongside = async (transaction) => {
      if (!(await replaceSecondFactor(transaction, stored, next))) return false;
      const left = next.recoveryCodes.length;
      if (left < stored.recoveryCodes.length)
        await writeEvent(
          transaction,
          sessionEvent(
            'second-factor-recovery-code-used',
            client,
            { ...stored, id: null },
            this.clock.now(),
            {
              left,
            },
          ),
        );
      return true;
    };
    return { kind: 'accepted', spend };
  }

  find(user: Holder): Promise<StoredSecondFactor | null> {
    return findSecondFactor(this.database, user);
  }

  /**
   * A code is good once, and no code older than a used one is.
   *
   * @returns the second factor as it is once the code is used, or `null` if the code is refused
   * @throws UNAVAILABLE if the secret cannot be decrypted; recovery codes work nonetheless
   */
  afterUse(stored: StoredSecondFactor, code: string): StoredSecondFactor | null {
    const digits = code.replaceAll(/\s/g, '');
    if (!TOTP_CODE.test(digits)) {
      const hash = recoveryCodeHash(code);
      const recoveryCodes = stored.recoveryCodes.filter((each) => each !== hash);
      return recoveryCodes.length < stored.recoveryCodes.length ? { ...stored, recoveryCodes } : null;
    }
    const secret = this.secrets.open(stored.secret, stored);
    if (secret === null)
      throw errors.UNAVAILABLE({
        detail: `TOKEN_PEPPER does not decrypt the second factor of ${stored.userId} of ${stored.ownerId}`,
        retryAfter: 60,
      });
    const step = stepOf(digits, secret, this.clock.now());
    if (step === null || step <= stored.lastStep) return null;
    return {
      ...stored,
      lastStep: step,
      secret: this.secrets.isOutdated(stored.secret) ? this.seal(secret, stored) : stored.secret,
    };
  }

  seal(secret: Buffer, user: Holder): string {
    return this.secrets.seal(secret, user);
  }
}

export function usesSecondFactor({ secondFactor }: TenantProject): boolean {
  // Copies that the previous release has cached lack the setting.
  return secondFactor === 'optional' || secondFactor === 'required';
}

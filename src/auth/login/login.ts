import { Injectable } from '@nestjs/common';
import { Clock } from '../../config/clock.js';
import { errors } from '../../response/error/error-catalogue.js';
import type { Prepared } from '../../response/prepared.js';
import type { Tenant } from '../../tenancy/tenant.js';
import type { Client } from '../client.js';
import type { Granted } from '../token-grant.js';
import { mustChange } from '../password/password-rules.js';
import type { SessionTerms } from '../session/session.js';
import { Authentication, type Credentials } from './authentication.js';
import { loginReports } from './login-report.js';
import { SessionOpening } from './session-opening.js';

/** What a login sends. */
export interface LoginRequest extends Credentials {
  /** Absent: the default of the user. */
  readonly clientId?: string | undefined;
}

/** Signs a user in: verifies the credentials and opens a session. */
@Injectable()
export class Login {
  constructor(
    private readonly clock: Clock,
    private readonly authentication: Authentication,
    private readonly opening: SessionOpening,
  ) {}

  /**
   * @param signal aborted when the client disconnects
   * @param terms those of the new session
   * @throws what {@link Authentication.authenticate} throws; PASSWORD_CHANGE_REQUIRED; SESSION_LIMIT_REACHED from the
   *   commit
   */
  async login(
    tenant: Tenant,
    request: LoginRequest,
    client: Client,
    signal: AbortSignal,
    terms: Partial<SessionTerms> = {},
  ): Promise<Prepared<Granted>> {
    const { user, code, afterGrant } = await this.authentication.authenticate(
      tenant,
      request,
      client,
      signal,
    );
    if (mustChange(user, tenant.project, this.clock.now())) {
      loginReports.publish('refused');
      throw errors.PASSWORD_CHANGE_REQUIRED({ detail: user.userId });
    }
    const prepared = await this.opening.prepare(tenant, user, request.clientId, client, {
      alongside: code,
      ...terms,
    });
    return prepared.andThen(afterGrant);
  }
}

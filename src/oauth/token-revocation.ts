import { Injectable } from '@nestjs/common';
import { AccessTokens } from '../auth/access-token/access-token.js';
import { BearerSessions } from '../auth/bearer/bearer-session.js';
import type { Client } from '../auth/client.js';
import type { OAuthClient } from '../auth/oauth-client/oauth-client.entity.js';
import { Revocation } from '../auth/revocation.js';
import type { Session } from '../auth/session/session.js';
import { Clock } from '../config/clock.js';
import { errors } from '../response/error/error-catalogue.js';
import type { Tenant } from '../tenancy/tenant.js';
import { belongsTo } from './token-grants.js';

/** Revokes a token that a client presents: the session of the token ends. @see RFC 7009 */
@Injectable()
export class TokenRevocation {
  constructor(
    private readonly clock: Clock,
    private readonly accessTokens: AccessTokens,
    private readonly bearers: BearerSessions,
    private readonly revocation: Revocation,
  ) {}

  /**
   * An unknown token is revoked already. The kind is seen by the token itself, so a hint is not needed.
   *
   * @throws PARAMETER_INVALID for a token of another client; TOKEN_TYPE_UNSUPPORTED for a service's token, which has no
   *   session that could end
   */
  async revoke(tenant: Tenant, client: OAuthClient, token: string, sender: Client): Promise<void> {
    const admit = (session: Session): void => {
      if (!belongsTo(session, client)) throw foreign();
    };
    const { project } = tenant;
    const now = this.clock.now();
    // A refresh token that was issued elsewhere can contain dots too.
    if (token.includes('.')) {
      const claims = await this.accessTokens.verify(project, token, now);
      const found = claims === null ? null : await this.bearers.find(project, claims);
      if (found !== null) {
        admit(found.session);
        await this.revocation.end(found.session, sender);
        return;
      }
      if ((await this.accessTokens.verifyForService(project, token, now)) !== null)
        throw errors.TOKEN_TYPE_UNSUPPORTED();
    }
    await this.revocation.revokeToken(tenant, token, sender, admit);
  }
}

function foreign() {
  return errors.PARAMETER_INVALID({ field: 'token', text: 'token was not issued to this client' });
}

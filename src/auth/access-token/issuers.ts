import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { OAUTH_PATH } from '../../tenancy/oauth-path.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';

/** As in the documented sample. */
const FIXED_ISSUER = 'RG3';
/** Also that of projects whose copies of an earlier release have none. */
export const DEFAULT_AUDIENCE = 'api';

/** What the access tokens of a project say of their issuer and audience. */
@Injectable()
export class Issuers {
  private readonly base: string | null;

  constructor(@Inject(CONFIG) { publicUrl }: Config) {
    this.base = publicUrl === null ? null : `${publicUrl}${OAUTH_PATH}`;
  }

  /** The URL of the project's OAuth endpoints; `null` while the service has no public URL. @see RFC 8414 §2 */
  urlOf(ownerId: string): string | null {
    return this.base === null ? null : `${this.base}/${ownerId}`;
  }

  /** The `iss` of the project's new tokens. */
  issuerOf({ ownerId, issuer }: TenantProject): string {
    return (issuer === 'url' ? this.urlOf(ownerId) : null) ?? FIXED_ISSUER;
  }

  /** Whether a token that one of our keys has signed is for this project. Tokens from before a change of settings are. */
  isOurs(project: TenantProject, { iss, aud }: { readonly iss: unknown; readonly aud: unknown }): boolean {
    const { ownerId, audience, formerAudience } = project;
    const isIssuer = iss === FIXED_ISSUER || (iss !== null && iss === this.urlOf(ownerId));
    return isIssuer && typeof aud === 'string' && [audience, formerAudience, DEFAULT_AUDIENCE].includes(aud);
  }
}

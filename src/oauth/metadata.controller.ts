import { Controller, Get, VERSION_NEUTRAL } from '@nestjs/common';
import { Issuers } from '../auth/access-token/issuers.js';
import { KEY_SET_MAX_AGE_SECONDS } from '../auth/access-token/signing-key.js';
import { DPOP_ALGORITHMS } from '../auth/dpop/dpop-proof.js';
import { GRANT_TYPES } from '../auth/oauth-client/oauth-client.entity.js';
import { ApiTags } from '../response/api-decorators.js';
import { errors } from '../response/error/error-catalogue.js';
import { Prepared } from '../response/prepared.js';
import { CurrentTenant } from '../tenancy/current-tenant.decorator.js';
import type { Tenant } from '../tenancy/tenant.js';
import { ApiMetadata } from './oauth-api.js';
import { OAuthEndpoint } from './oauth-endpoint.js';

const METHODS = ['client_secret_basic', 'client_secret_post'] as const;

/** What a client must know of a project's endpoints. @see RFC 8414 §2, OpenID Connect Discovery 1.0 §3 */
export interface Metadata {
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly revocation_endpoint: string;
  readonly introspection_endpoint: string;
  readonly jwks_uri: string;
  readonly grant_types_supported: readonly string[];
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly revocation_endpoint_auth_methods_supported: readonly string[];
  readonly introspection_endpoint_auth_methods_supported: readonly string[];
  readonly dpop_signing_alg_values_supported: readonly string[];
  /** There is no authorization endpoint. Both specifications require the members. */
  readonly response_types_supported: readonly string[];
  readonly subject_types_supported: readonly string[];
}

const HEADERS = { 'cache-control': `public, max-age=${KEY_SET_MAX_AGE_SECONDS}` };

function metadata({ project }: Tenant, issuers: Issuers): Prepared<Metadata> {
  const issuer = issuers.urlOf(project.ownerId);
  if (issuer === null) throw errors.ROUTE_UNKNOWN();
  const keySet = new URL('/.well-known/jwks.json', issuer);
  keySet.searchParams.set('project', project.ownerId);
  const document: Metadata = {
    issuer,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint: `${issuer}/introspect`,
    jwks_uri: keySet.href,
    grant_types_supported: GRANT_TYPES,
    token_endpoint_auth_methods_supported: [...METHODS, 'none'],
    revocation_endpoint_auth_methods_supported: [...METHODS, 'none'],
    introspection_endpoint_auth_methods_supported: METHODS,
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    response_types_supported: [],
    subject_types_supported: ['public'],
  };
  return new Prepared(document, null, null, null, HEADERS);
}

/** The path of an issuer comes after the well-known part. @see RFC 8414 §3.1 */
@ApiTags('OAuth 2')
@OAuthEndpoint()
@Controller({ path: '.well-known/oauth-authorization-server/bo/api/v3/oauth', version: VERSION_NEUTRAL })
export class MetadataController {
  constructor(private readonly issuers: Issuers) {}

  @Get(':ownerId')
  @ApiMetadata('oauthMetadata', 'Metadata of the authorization server (RFC 8414)')
  metadata(@CurrentTenant() tenant: Tenant): Prepared<Metadata> {
    return metadata(tenant, this.issuers);
  }
}

/** The same document where frameworks such as Spring and ASP.NET look for it. */
@ApiTags('OAuth 2')
@OAuthEndpoint()
@Controller({ path: 'oauth/:ownerId/.well-known', version: '3' })
export class OpenIdConfigurationController {
  constructor(private readonly issuers: Issuers) {}

  @Get('openid-configuration')
  @ApiMetadata('openIdConfiguration', 'The same metadata, where Spring and ASP.NET look for it')
  metadata(@CurrentTenant() tenant: Tenant): Prepared<Metadata> {
    return metadata(tenant, this.issuers);
  }
}

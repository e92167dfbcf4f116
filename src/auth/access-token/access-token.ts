import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Step } from '../../diagnostics/step.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { DEFAULT_AUDIENCE, Issuers } from './issuers.js';
import { KeyRings } from './key-rings.js';
import type { Session } from '../session/session.js';

const text = (description: string) => z.string().describe(description);
const seconds = (description: string) => z.int().describe(description);

/**
 * The claims of an access token (RFC 7519), in the order of the documented sample. Lists are joined by commas, and
 * all claims except the times are strings. Those from `owner_id` on are additions: with many tenants, a token is unsafe
 * without them, and frameworks read `sub`.
 */
export const accessTokenClaimsSchema = z.object({
  iss: text('The issuer.'),
  aud: text('The audience.'),
  id: text('The user’s id, unique in the project.'),
  name: text('The login name.'),
  client_id: text('The client application of the session.'),
  expires: text('`exp` as local time in the time zone of the project, `YYYY/M/D HH:mm:ss`.'),
  open_id: text('The user’s id at an identity provider. May be empty.'),
  wb_id: text('The Weibo id. May be empty.'),
  wx_open_id: text('The WeChat openid. May be empty.'),
  wx_union_id: text('The WeChat unionid. May be empty.'),
  telephone: text('The telephone number. May be empty.'),
  push_name: text('The display name.'),
  head_icon: text('The URL of the avatar. May be empty.'),
  dep_id: text('Department ids, separated by commas.'),
  sys_id: text('System ids, separated by commas.'),
  merge_user_id: text('Ids of merged accounts, separated by commas.'),
  area_code: text('Administrative area codes, separated by commas.'),
  role_id: text('Role ids, separated by commas.'),
  developer: z.literal(['0', '1']).describe('`"1"`: developer of the project. `"0"`: not.'),
  nbf: seconds('Not valid before, in Unix seconds.'),
  exp: seconds('Expires at, in Unix seconds.'),
  iat: seconds('Issued at, in Unix seconds.'),
  owner_id: text('The project (`XownerId`).'),
  sid: text('The session id.'),
  jti: text('The id of the token.'),
  sub: text('The same as `id`, under its registered name.'),
  scope: text('The OAuth scope of the session, where it has one.').optional(),
  cnf: z
    .object({ jkt: text('The SHA-256 thumbprint of the key (RFC 7638).') })
    .describe('The key that the session is bound to, where it is bound (RFC 9449 §6).')
    .optional(),
});

export type AccessTokenClaims = z.infer<typeof accessTokenClaimsSchema>;

/** The claims of a service's token. It has no `sid`: that alone tells it from a user's token. */
export const serviceTokenClaimsSchema = accessTokenClaimsSchema
  .pick({
    iss: true,
    aud: true,
    nbf: true,
    exp: true,
    iat: true,
    owner_id: true,
    jti: true,
  })
  .extend({
    client_id: text('The client that the token was issued to.'),
    scope: text('The scope of the token, where it has one.').optional(),
    sub: text('The same as `client_id`.'),
    cnf: z
      .object({ jkt: z.string() })
      .optional()
      .describe('The key that the token is bound to (RFC 9449 §6.1).'),
  });

export type ServiceTokenClaims = z.infer<typeof serviceTokenClaimsSchema>;

type CommonClaims = Pick<AccessTokenClaims, keyof ServiceTokenClaims & keyof AccessTokenClaims>;

/** A service that gets a token for itself. */
interface Service {
  readonly clientId: string;
  readonly scope: string | null;
  /** The thumbprint of the key that the token is bound to (RFC 7638). */
  readonly dpopJkt: string | null;
}

interface SignedToken {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/**
 * How far in the future a token may begin, in seconds: another process, whose clock is up to a second ahead, may have
 * issued it.
 *
 * @see RFC 7519 §4.1.5
 */
const NBF_LEEWAY_SECONDS = 1;

/** The signature of one access token. */
export const signing = new Step('bo-auth:signing');

/** Signs and verifies access tokens. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly keys: KeyRings,
    private readonly issuers: Issuers,
  ) {}

  async sign(
    project: TenantProject,
    user: User,
    session: Pick<Session, 'id' | 'clientId' | 'expiresAt' | 'dpopJkt'>,
    scope: string | null,
    now: number,
  ): Promise<SignedToken> {
    const iat = Math.floor(now / 1000);
    // No access token outlives its session's absolute end.
    const exp = Math.max(
      iat + 1,
      Math.min(iat + project.accessTokenSeconds, Math.floor(session.expiresAt / 1000)),
    );
    const claims: AccessTokenClaims = {
      iss: this.issuers.issuerOf(project),
      aud: project.audience ?? DEFAULT_AUDIENCE,
      id: user.userId,
      name: user.userName,
      client_id: session.clientId,
      expires: project.zone.formatClaim(exp * 1000),
      open_id: user.openId,
      wb_id: user.wbId,
      wx_open_id: user.wxOpenId,
      wx_union_id: user.wxUnionId,
      telephone: user.telephone,
      push_name: user.pushName,
      head_icon: user.headIcon,
      dep_id: user.depId.join(','),
      sys_id: user.sysId.join(','),
      merge_user_id: user.mergeUserId.join(','),
      area_code: user.areaCode.join(','),
      role_id: user.roleId.join(','),
      developer: user.developer === 1 ? '1' : '0',
      nbf: iat,
      exp,
      iat,
      owner_id: project.ownerId,
      sid: session.id,
      jti: randomUUID(),
      sub: user.userId,
    };
    if (session.dpopJkt !== null) claims.cnf = { jkt: session.dpopJkt };
    if (scope) claims.scope = scope;
    return this.signed(claims);
  }

  /** For a service that acts for itself, without a user and a session. @see RFC 6749 §4.4 */
  signForService(
    project: TenantProject,
    { clientId, scope, dpopJkt }: Service,
    now: number,
  ): Promise<SignedToken> {
    const iat = Math.floor(now / 1000);
    return this.signed({
      iss: this.issuers.issuerOf(project),
      aud: project.audience ?? DEFAULT_AUDIENCE,
      sub: clientId,
      client_id: clientId,
      nbf: iat,
      exp: iat + project.accessTokenSeconds,
      iat,
      owner_id: project.ownerId,
      jti: randomUUID(),
      ...(scope !== null && { scope }),
      ...(dpopJkt !== null && { cnf: { jkt: dpopJkt } }),
    } satisfies ServiceTokenClaims);
  }

  private async signed(claims: AccessTokenClaims | ServiceTokenClaims): Promise<SignedToken> {
    const signer = await this.keys.signer(claims.owner_id);
    return { accessToken: signing.run({}, () => signer.sign(claims)), expiresIn: claims.exp - claims.iat };
  }

  /**
   * @returns the claims of a user's token, or `null` unless this service signed it for this project and its API and it
   *   has not expired
   */
  async verify(project: TenantProject, token: string, now: number): Promise<AccessTokenClaims | null> {
    const claims = await this.verified<AccessTokenClaims>(project, token, now);
    return typeof claims?.sid === 'string' ? claims : null;
  }

  /** @returns the claims of a service's token, or `null` as {@link verify} does */
  async verifyForService(
    project: TenantProject,
    token: string,
    now: number,
  ): Promise<ServiceTokenClaims | null> {
    const claims = await this.verified<ServiceTokenClaims>(project, token, now);
    return claims !== null && !('sid' in claims) ? claims : null;
  }

  /** @see RFC 8725 §3.1: the token names its key, and the key alone its algorithm */
  private async verified<Claims extends CommonClaims>(
    project: TenantProject,
    token: string,
    now: number,
  ): Promise<Claims | null> {
    const kid = keyIdOf(token);
    const verifier = kid === null ? null : await this.keys.verifier(project.ownerId, kid);
    if (verifier === null) return null;
    const clockTimestamp = Math.floor(now / 1000);
    try {
      // The library's tolerance would also prolong the token, so `nbf` is checked below.
      const claims = verifier.verify<Claims>(token, { clockTimestamp, ignoreNotBefore: true });
      if (!this.issuers.isOurs(project, claims)) return null;
      if (claims.nbf !== undefined && !(claims.nbf <= clockTimestamp + NBF_LEEWAY_SECONDS)) return null;
      // This service never issues a token without `exp`.
      return claims.owner_id === project.ownerId && typeof claims.exp === 'number' ? claims : null;
    } catch {
      return null;
    }
  }
}

/**
 * Header parameters that our tokens never have. Most bring a key or say where to fetch one; `crit` requires extensions,
 * of which none is supported.
 *
 * @see RFC 7515 §4.1, RFC 8725 §3.10
 */
const FOREIGN_PARAMETERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit'] as const;

/** The `kid` of a token in canonical form; `null` for any other text. */
function keyIdOf(token: string): string | null {
  const [header, , signature = '', ...rest] = token.split('.');
  // Only the canonical base64url text of a signature is accepted. The other two parts are signed as text.
  if (rest.length > 0 || Buffer.from(signature, 'base64url').toString('base64url') !== signature) return null;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header ?? '', 'base64url').toString());
    if (typeof parsed !== 'object' || parsed === null) return null;
    if (FOREIGN_PARAMETERS.some((name) => name in parsed)) return null;
    const { kid } = parsed as { kid?: unknown };
    return typeof kid === 'string' ? kid : null;
  } catch {
    return null;
  }
}

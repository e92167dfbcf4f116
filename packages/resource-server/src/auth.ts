import type { JWTPayload } from 'jose';

/** The claims of an access token. Lists are joined by commas, scopes by spaces. */
export interface AccessTokenClaims extends JWTPayload {
  readonly owner_id: string;
  readonly client_id?: string;
  readonly id?: string;
  readonly sid?: string;
  readonly name?: string;
  readonly role_id?: string;
  readonly scope?: string;
  readonly cnf?: { readonly jkt?: string };
}

interface CommonAuth {
  readonly clientId: string;
  /** Empty unless the token was issued with a scope. */
  readonly scopes: readonly string[];
  readonly claims: AccessTokenClaims;
}

/** A user calls, through the client `clientId`. */
export interface UserAuth extends CommonAuth {
  readonly kind: 'user';
  readonly userId: string;
  readonly userName: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
}

/** Another service calls in its own name (`client_credentials`, RFC 6749 §4.4). */
export interface ServiceAuth extends CommonAuth {
  readonly kind: 'service';
}

/** Who calls, as a verified access token says. */
export type Auth = UserAuth | ServiceAuth;

/** What a route asks of its callers, besides a valid token. */
export interface Requirements {
  readonly kind?: Auth['kind'];
  /** The token must have all of these scopes. */
  readonly scopes?: readonly string[];
  /** The user must have one of these roles. A service has none. */
  readonly roles?: readonly string[];
}

/** @returns `null` if the claims are those of neither kind */
export function authOf(claims: AccessTokenClaims): Auth | null {
  const { id, sid, sub, client_id: clientId = '', name = '', role_id: roles, scope } = claims;
  const common = { clientId, scopes: words(scope, ' '), claims };
  if (isText(id) && isText(sid))
    return { kind: 'user', userId: id, userName: name, sessionId: sid, roles: words(roles, ','), ...common };
  const isService = id === undefined && sid === undefined && isText(sub) && sub === clientId;
  return isService ? { kind: 'service', ...common } : null;
}

export function meets(auth: Auth, { kind, scopes = [], roles = [] }: Requirements): boolean {
  return (
    (kind === undefined || auth.kind === kind) &&
    scopes.every((scope) => auth.scopes.includes(scope)) &&
    (roles.length === 0 || (auth.kind === 'user' && roles.some((role) => auth.roles.includes(role))))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function words(text: unknown, separator: string): readonly string[] {
  return isText(text) ? text.split(separator) : [];
}

import type { GrantType, OAuthClient } from '../../auth/oauth-client/oauth-client.entity.js';

/** A client as an administrator sees it. Times are ISO 8601, UTC. */
export interface ClientView {
  clientId: string;
  name: string;
  type: OAuthClient['type'];
  grants: GrantType[];
  scopes: string[];
  dpop: OAuthClient['dpop'];
  /** Until when the former secret is valid; `null` if there is none. */
  previousSecretUntil: string | null;
  createdAt: string;
}

/** The view with the secret of a confidential client, for the response that creates it. */
export interface ClientViewWithSecret extends ClientView {
  clientSecret?: string;
}

export function clientView(client: OAuthClient, now: number): ClientView {
  const until = client.previousSecretUntil ?? 0;
  return {
    clientId: client.clientId,
    name: client.name,
    type: client.type,
    grants: client.grants,
    scopes: client.scopes,
    dpop: client.dpop,
    previousSecretUntil: until > now ? new Date(until).toISOString() : null,
    createdAt: new Date(client.createdAt).toISOString(),
  };
}

import { calculateJwkThumbprint, exportJWK } from 'jose';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { once } from 'node:events';
import { freePort } from '../../support/temporary.js';
import { CLIENTS } from './clients.js';
import type { Peer, ProofKeys } from './peer.js';

/** What the library has no types for, as far as it is used here. */
interface Token {
  jkt?: string;
  save(): Promise<string>;
}
type Model = new (properties: object) => Token & { addOIDCScope(scope: string): void };
interface Context {
  readonly oidc: {
    readonly params: Readonly<Record<string, string | undefined>>;
    readonly client: { readonly clientId: string };
  };
  body: unknown;
}
interface Provider {
  readonly Client: { find(id: string): Promise<object> };
  readonly Grant: Model;
  readonly AccessToken: Model;
  readonly RefreshToken: Model;
  readonly ClientCredentials: Model;
  registerGrantType(
    name: string,
    handler: (context: Context) => Promise<void>,
    parameters: readonly string[],
  ): void;
  listen(port: number, host: string): Server;
}
interface Library {
  readonly default: new (issuer: string, configuration: object) => Provider;
  readonly errors: Record<'InvalidGrant' | 'InvalidRequest' | 'InvalidScope', new (text: string) => Error>;
}

const SECRET = 'secret-of-the-reference-0123456789';
const USER = 'alice';

/** oidc-provider, with the features that both servers have. */
export class ReferencePeer implements Peer {
  readonly name = 'oidc-provider';
  /** Without and with nonces: a provider that knows nonces offers one with every answer. */
  private readonly servers: Server[] = [];
  private readonly providers: Provider[] = [];
  private readonly issuers: string[] = [];
  private active: 0 | 1 = 0;

  private constructor(readonly keys: ProofKeys) {}

  static async start(keys: ProofKeys): Promise<ReferencePeer> {
    // It is made for Node.js 22; of that, it uses one function here. It says so on the console.
    if (!('parse' in URL))
      Object.assign(URL, { parse: (url: string) => (URL.canParse(url) ? new URL(url) : null) });
    const library = (await import('oidc-provider' as string)) as Library;
    const peer = new ReferencePeer(keys);
    for (const withNonces of [false, true]) {
      const port = await freePort();
      const issuer = `http://localhost:${port}`;
      const provider = peer.configured(library, issuer, withNonces);
      const server = provider.listen(port, '127.0.0.1');
      await once(server, 'listening');
      peer.issuers.push(issuer);
      peer.providers.push(provider);
      peer.servers.push(server);
    }
    return peer;
  }

  close(): void {
    for (const server of this.servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  url(endpoint: string): string {
    return `${this.issuers[this.active]}/${endpoint}`;
  }

  secretOf(): string {
    return SECRET;
  }

  headers(): Readonly<Record<string, string>> {
    return {};
  }

  demandNonces(isOn: boolean): Promise<void> {
    this.active = isOn ? 1 : 0;
    return Promise.resolve();
  }

  async token(kind: string, clientId: string): Promise<string> {
    const { AccessToken, RefreshToken, ClientCredentials, Client, Grant } = this.providers[this.active]!;
    const client = await Client.find(clientId);
    if (kind === 'service') return new ClientCredentials({ client, scope: 'a' }).save();
    const grant = new Grant({ accountId: USER, clientId });
    grant.addOIDCScope('openid a b');
    const of = { accountId: USER, client, grantId: await grant.save(), gty: 'password' };
    const token = kind.endsWith('access')
      ? new AccessToken({ ...of, scope: 'openid a b' })
      : new RefreshToken({ ...of, scope: 'a b', rotations: 0 });
    if (kind.startsWith('bound')) {
      token.jkt = await calculateJwkThumbprint(await exportJWK(this.keys.own.publicKey));
    }
    return token.save();
  }

  private configured(
    { default: ProviderClass, errors }: Library,
    issuer: string,
    withNonces: boolean,
  ): Provider {
    const provider = new ProviderClass(issuer, {
      clients: CLIENTS.map(({ clientId, type, grants, dpop, scopes }) => ({
        client_id: clientId,
        ...(type === 'confidential' && { client_secret: SECRET }),
        token_endpoint_auth_method: type === 'confidential' ? 'client_secret_basic' : 'none',
        grant_types: grants,
        response_types: [],
        redirect_uris: [],
        scope: scopes.join(' '),
        dpop_bound_access_tokens: dpop === 'required',
      })),
      scopes: ['openid', 'offline_access', 'a', 'b'],
      findAccount: (_: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        introspection: {
          enabled: true,
          allowedPolicy: (_: unknown, client: { clientAuthMethod: string }) =>
            client.clientAuthMethod !== 'none',
        },
        revocation: { enabled: true },
        dPoP: {
          enabled: true,
          ...(withNonces && { nonceSecret: randomBytes(32), requireNonce: () => true }),
        },
      },
      routes: { token: '/token', revocation: '/revoke', introspection: '/introspect', userinfo: '/user' },
      rotateRefreshToken: true,
      ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 86_400, RefreshToken: 86_400 },
      cookies: { keys: ['of-the-tests'] },
    });
    const grant = async (context: Context): Promise<void> => {
      const { username, password, scope = 'a b' } = context.oidc.params;
      if (username === undefined || password === undefined) throw new errors.InvalidRequest('missing');
      if (username !== USER || password !== 'alice-password') throw new errors.InvalidGrant('wrong');
      if (scope.split(' ').some((value) => !['a', 'b'].includes(value)))
        throw new errors.InvalidScope('too wide');
      const { clientId } = context.oidc.client;
      context.body = {
        access_token: await this.token('access', clientId),
        token_type: 'Bearer',
        expires_in: 600,
        refresh_token: await this.token('refresh', clientId),
        scope,
      };
    };
    provider.registerGrantType('password', grant, ['username', 'password', 'scope']);
    return provider;
  }
}

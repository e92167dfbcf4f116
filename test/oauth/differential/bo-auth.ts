import { exportJWK, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { DEVELOPMENT_OPERATOR_TOKEN } from '../../../src/config/config.js';
import { API, call, encryptByDES, startApp, type TestApp, VERIFY_KEYS } from '../../support/app.js';
import { addClient, basic, type Client, oauth } from '../../support/oauth.js';
import { freePort } from '../../support/temporary.js';
import { CLIENTS } from './clients.js';
import type { Peer, ProofKeys } from './peer.js';
import type { Step } from './row.js';

/** Our service, on a real port. */
export class OurPeer implements Peer {
  readonly name = 'bo-auth';
  private readonly clients = new Map<string, Client>();

  private constructor(
    readonly keys: ProofKeys,
    private readonly test: TestApp,
    private readonly origin: string,
  ) {}

  static async start(keys: ProofKeys): Promise<OurPeer> {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const test = await startApp({ PUBLIC_URL: origin });
    const peer = new OurPeer(keys, test, origin);
    for (const client of CLIENTS) peer.clients.set(client.clientId, await addClient(test, client));
    await test.app.listen(port, '127.0.0.1');
    return peer;
  }

  close(): Promise<void> {
    return this.test.close();
  }

  url(endpoint: string): string {
    return endpoint === 'user'
      ? `${this.origin}${API}/auth/user`
      : `${this.origin}${API}/oauth/acme/${endpoint}`;
  }

  secretOf(clientId: string): string {
    return this.clients.get(clientId)?.clientSecret ?? '';
  }

  headers({ to }: Step): Readonly<Record<string, string>> {
    const verify = () => encryptByDES(`${randomUUID()}|${Date.now()}`, VERIFY_KEYS['acme'] ?? '');
    return to === 'user' ? { XownerId: 'acme', XverifyApi: verify() } : {};
  }

  async demandNonces(isOn: boolean): Promise<void> {
    await call(this.test, {
      method: 'PATCH',
      url: '/admin/projects/acme',
      bearer: DEVELOPMENT_OPERATOR_TOKEN,
      payload: { dpopNonce: isOn ? 'on' : 'off' },
    });
  }

  async token(kind: string, clientId: string): Promise<string> {
    const isPage = clientId === 'page';
    const form: Record<string, string> =
      kind === 'service'
        ? { grant_type: 'client_credentials', scope: 'a' }
        : { grant_type: 'password', username: 'alice', password: 'alice-password' };
    if (isPage) form['client_id'] = clientId;
    const headers = {
      ...(!isPage && basic({ clientId, clientSecret: this.secretOf(clientId) })),
      ...(kind.startsWith('bound') && { dpop: await this.proof() }),
    };
    const { body } = await oauth(this.test, 'token', form, headers);
    const token = body[kind === 'service' || kind.endsWith('access') ? 'access_token' : 'refresh_token'];
    if (typeof token !== 'string') throw new Error(JSON.stringify(body));
    return token;
  }

  private async proof(): Promise<string> {
    const { publicKey, privateKey } = this.keys.own;
    return new SignJWT({ jti: randomUUID(), htm: 'POST', htu: this.url('token') })
      .setIssuedAt()
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) })
      .sign(privateKey);
  }
}

import * as fc from 'fast-check';
import * as oauth from 'oauth4webapi';
import { COMMAND_LINE } from '../../src/admin/administrator.js';
import { ProjectAdministration } from '../../src/admin/project/project-administration.js';
import { targetUri } from '../../src/auth/dpop/target-uri.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { ProjectDirectory } from '../../src/tenancy/project/project-directory.js';
import type { Envelope } from '../../src/response/envelope/envelope.js';
import { call, refusalOf, startApp, type TestApp } from '../support/app.js';
import { DpopClient } from './dpop-client.js';

const SECRETS = {
  NODE_ENV: 'production',
  JWT_SECRET: 'not-a-default-secret-of-any-development-start',
  TOKEN_PEPPER: 'not-a-default-pepper-of-any-development-start',
};
const LOGIN = '/bo/api/v3/auth/token';
const signIn = {
  method: 'POST',
  url: '/auth/token',
  payload: { userName: 'nobody', password: 'wrong' },
} as const;

describe('in production', () => {
  let test: TestApp | undefined;
  afterEach(() => test?.close());

  const start = async (env: Record<string, string>) => {
    test = await startApp({ ...SECRETS, ...env });
    await test.app
      .get(ProjectAdministration, { strict: false })
      .add(COMMAND_LINE, { ownerId: 'acme', name: 'Acme', verifyCipher: 'des-ecb', verifyKey: 'acme-key' });
    const client = await DpopClient.of(test);
    return async (htu: string) => {
      const answer = await client.call(signIn, { claims: { htu } });
      expect(answer.headers).not.toHaveProperty('dpop-refusal');
      return refusalOf(answer);
    };
  };
  const ADMITTED = '401 CREDENTIALS_REFUSED';
  const REFUSED = '401 DPOP_PROOF_INVALID';

  it('the URI begins with PUBLIC_URL, whatever Host says', async () => {
    const answerTo = await start({ PUBLIC_URL: 'https://auth.example.com' });
    expect(await answerTo(`https://AUTH.example.com:443${LOGIN}?x`)).toBe(ADMITTED);
    for (const origin of ['http://localhost', 'http://auth.example.com', 'https://auth.example.com:8443'])
      expect(await answerTo(`${origin}${LOGIN}`)).toBe(REFUSED);
    expect(test!.log.join('\n')).toContain('"detail":"wrong-uri"');
  });

  it('without PUBLIC_URL, the path alone is compared', async () => {
    const answerTo = await start({});
    expect(await answerTo(`https://behind-a-proxy.example${LOGIN}`)).toBe(ADMITTED);
    expect(await answerTo(`http://localhost${LOGIN}/refresh`)).toBe(REFUSED);
  });
});

describe('an independent client', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp();
    await test.sql(`UPDATE bo_project SET dpop_nonce = 'on' WHERE owner_id = 'acme'`);
    await test.app.get(ProjectDirectory, { strict: false }).forget('acme');
  });
  afterAll(() => test.close());

  it('signs in, learns the nonce, refreshes, and calls with its access token', async () => {
    const client: oauth.Client = { client_id: 'app' };
    const keys = await oauth.generateKeyPair('ES256', { extractable: false });
    const options = {
      DPoP: oauth.DPoP(client, keys),
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: async (
        href: string,
        { method, headers, body }: oauth.CustomFetchOptions<string, unknown>,
      ) => {
        const answer = await call(test, {
          method: method as 'GET',
          url: `/${new URL(href).pathname}`,
          headers: headers as Record<string, string>,
          ...(body instanceof URLSearchParams && { payload: body.toString() }),
        });
        return new Response(answer.text, {
          status: answer.status,
          headers: answer.headers as Record<string, string>,
        });
      },
    };
    const grantBy = async (path: string, parameters: Record<string, string>) => {
      const server = { issuer: 'http://localhost', token_endpoint: `http://localhost/bo/api/v3${path}` };
      const send = () =>
        oauth.genericTokenEndpointRequest(server, client, oauth.None(), 'documented', parameters, options);
      const first = await send();
      return { first: first.status, grant: first.ok ? await first.json() : await (await send()).json() } as {
        first: number;
        grant: Envelope<TokenGrant>;
      };
    };
    const login = await grantBy('/auth/token', { userName: 'alice', password: 'alice-password' });
    expect([login.first, login.grant.data?.tokenType]).toEqual([401, 'DPoP']);
    const refreshed = await grantBy('/auth/token/refresh', { refreshToken: login.grant.data!.refreshToken });
    expect([refreshed.first, refreshed.grant.data?.tokenSeq]).toEqual([200, 2]);
    const { accessToken } = refreshed.grant.data!;
    const user = new URL('http://localhost/bo/api/v3/auth/user');
    const answer = await oauth.protectedResourceRequest(
      accessToken,
      'GET',
      user,
      undefined,
      undefined,
      options,
    );
    expect(await answer.json()).toMatchObject({ data: { userId: 'alice' } });
    const { DPoP: _, ...asBearer } = options;
    await expect(
      oauth.protectedResourceRequest(accessToken, 'GET', user, undefined, undefined, asBearer),
    ).rejects.toThrow(oauth.WWWAuthenticateChallengeError);
  });
});

describe('the normal form of a URI', () => {
  const segment = fc.string({ unit: fc.constantFrom(...'aZ09-._~!$&()*+,;=:@'), minLength: 1 });
  const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
  const host = fc.constantFrom('a.example', 'a.example:8443', '127.0.0.1', '[::1]:58582');
  const uri = fc
    .tuple(fc.constantFrom('http', 'https'), host, path)
    .map(([scheme, at, to]) => `${scheme}://${at}${to}`);
  const text = (htu: string) => {
    const target = targetUri(htu);
    return target && target.origin + target.path;
  };

  it('is its own', () => {
    fc.assert(fc.property(uri, (htu) => expect(text(text(htu)!)).toBe(text(htu))));
  });

  it('is the same however the URI is written', () => {
    const escaped = (to: string) =>
      to.replaceAll(/[A-Za-z0-9._~-]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
    fc.assert(
      fc.property(uri, fc.webQueryParameters(), (htu, query) => {
        const { protocol, host: at, pathname } = new URL(htu);
        const port = /:\d+$/.test(at) ? '' : { 'http:': ':80', 'https:': ':443' }[protocol];
        expect(
          text(`${protocol.toUpperCase()}//${at.toUpperCase()}${port}${escaped(pathname)}?${query}#x`),
        ).toBe(text(htu));
        expect(text(`${protocol}//${at}/x/..${pathname}`)).toBe(text(htu));
      }),
    );
  });

  it('tells different URIs apart', () => {
    fc.assert(
      fc.property(uri, uri, (one, other) => {
        const [a, b] = [new URL(one), new URL(other)];
        expect(text(one) === text(other)).toBe(a.origin === b.origin && a.pathname === b.pathname);
      }),
    );
    // Node.js 20 leaves these as they are.
    expect(
      ['/.a/.', '/.a/..', '/.a/./b', '/a/.b/../c'].map((to) => targetUri(`http://x${to}`)?.path),
    ).toEqual(['/.a/', '/', '/.a/b', '/a/c']);
    expect(targetUri('http://x/a%2fb')?.path).toBe('/a%2Fb');
    expect(targetUri('http://x/a%2Fb')?.path).not.toBe(targetUri('http://x/a/b')?.path);
  });

  it('is that of web addresses only', () => {
    for (const other of [
      '',
      '/path',
      'http:',
      'http:/x',
      'ftp://x/',
      'javascript:0',
      'http://[',
      ' http://x/',
    ])
      expect(targetUri(other)).toBeNull();
  });
});

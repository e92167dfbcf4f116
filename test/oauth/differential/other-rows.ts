import { CHALLENGE, ILL_FORMED, METHOD, NO_AUTHENTICATION } from './reasons.js';
import type { Group, Row } from './row.js';

const REFRESH = 'grant_type=refresh_token&client_id=page&refresh_token={bound:page}';
const SERVICE = 'grant_type=client_credentials';

const PROOF_ERROR =
  'RFC 9449 §5 has `invalid_dpop_proof` for this. `invalid_grant` would make a client drop a good refresh token.';

/** A proof that is wrong in one respect, with a client's own request. */
const proved = (name: string, proof: Row['proof'], more: Partial<Row> = {}): Row => ({
  name,
  to: 'token',
  body: SERVICE,
  ...(proof !== undefined && { proof }),
  ...more,
});
const replayed = { age: -1 };
const atUser = (name: string, proof: Row['proof'], more: Partial<Row> = {}): Row => ({
  name,
  to: 'user',
  as: 'DPoP {bound-access:page}',
  ...(proof !== undefined && { proof }),
  ...more,
});

/** Requests to the other endpoints, and proofs of possession. */
export const OTHER_GROUPS: readonly Group[] = [
  {
    title: 'Revocation',
    standing: {
      headers: ['Cache-Control', 'Content-Type'],
      why: 'bo-auth answers `no-store` everywhere, and a success with `{}`, because some clients parse every body as JSON. RFC 7009 §2.2 lets clients ignore it.',
    },
    rows: [
      { name: 'a refresh token', to: 'revoke', body: 'token={refresh:shop}' },
      { name: 'an access token', to: 'revoke', body: 'token={access:shop}' },
      {
        name: 'a public client’s refresh token',
        to: 'revoke',
        as: null,
        body: 'token={refresh:page}&client_id=page',
      },
      {
        name: 'a refresh token, with the right hint',
        to: 'revoke',
        body: 'token={refresh:shop}&token_type_hint=refresh_token',
      },
      {
        name: 'a refresh token, with the wrong hint',
        to: 'revoke',
        body: 'token={refresh:shop}&token_type_hint=access_token',
      },
      {
        name: 'a refresh token, with an unknown hint',
        to: 'revoke',
        body: 'token={refresh:shop}&token_type_hint=id_token',
      },
      { name: 'an unknown token', to: 'revoke', body: 'token=unknown' },
      {
        name: 'a token again',
        before: [{ to: 'revoke', body: 'token={refresh:shop}' }],
        to: 'revoke',
        body: 'token={refresh:shop}',
      },
      {
        name: 'a service’s token',
        difference:
          'RFC 7009 §2.2.1: it is a JWT without a session, and services accept it until it expires. To answer 200 would promise more.',
        to: 'revoke',
        body: 'token={service:shop}',
      },
      { name: 'another client’s refresh token', to: 'revoke', body: 'token={refresh:other}' },
      { name: 'another client’s access token', to: 'revoke', body: 'token={access:other}' },
      {
        name: 'a refresh after another client tried to revoke',
        before: [{ to: 'revoke', body: 'token={refresh:other}' }],
        to: 'token',
        as: 'Basic {basic:other}',
        body: 'grant_type=refresh_token&refresh_token={refresh:other}',
      },
      { name: 'no token', to: 'revoke', body: 'token_type_hint=refresh_token' },
      { name: 'an empty token', to: 'revoke', body: 'token=' },
      { name: 'token twice', to: 'revoke', body: 'token=a&token=b' },
      {
        name: 'no client',
        difference: NO_AUTHENTICATION,
        to: 'revoke',
        as: null,
        body: 'token={refresh:shop}',
      },
      {
        name: 'a wrong secret',
        difference: CHALLENGE,
        to: 'revoke',
        as: `Basic ${Buffer.from('shop:wrong').toString('base64')}`,
        body: 'token=x',
      },
      { name: 'JSON', to: 'revoke', type: 'application/json', body: '{"token":"x"}' },
      { name: 'GET', difference: METHOD, to: 'revoke', method: 'GET' },
      {
        name: 'a bound token, without a proof',
        to: 'revoke',
        as: null,
        body: 'token={bound:page}&client_id=page',
      },
    ],
  },
  {
    title: 'Introspection',
    rows: [
      { name: 'an access token', to: 'introspect', body: 'token={access:shop}' },
      {
        name: 'a refresh token',
        difference:
          '`token_type: refresh_token` lets a resource server see that this is no access token. RFC 7662 §2.2 leaves the member optional.',
        to: 'introspect',
        body: 'token={refresh:shop}',
      },
      { name: 'a service’s token', to: 'introspect', body: 'token={service:shop}' },
      { name: 'another client’s access token', to: 'introspect', body: 'token={access:other}' },
      { name: 'a bound access token', to: 'introspect', body: 'token={bound-access:page}' },
      {
        name: 'an access token, with the wrong hint',
        to: 'introspect',
        body: 'token={access:shop}&token_type_hint=refresh_token',
      },
      {
        name: 'an access token, with an unknown hint',
        to: 'introspect',
        body: 'token={access:shop}&token_type_hint=x',
      },
      { name: 'an unknown token', to: 'introspect', body: 'token=unknown' },
      {
        name: 'a revoked token',
        before: [{ to: 'revoke', body: 'token={refresh:shop}' }],
        to: 'introspect',
        body: 'token={refresh:shop}',
      },
      { name: 'no token', to: 'introspect', body: '' },
      { name: 'token twice', to: 'introspect', body: 'token=a&token=b' },
      {
        name: 'by a public client',
        difference:
          'RFC 7662 §2.1: the endpoint requires authorization. Who has none is refused, and not told that the token is inactive.',
        to: 'introspect',
        as: null,
        body: 'token={access:shop}&client_id=page',
      },
      {
        name: 'no client',
        difference: NO_AUTHENTICATION,
        to: 'introspect',
        as: null,
        body: 'token={access:shop}',
      },
      {
        name: 'a Bearer token instead of a client',
        difference: ILL_FORMED,
        to: 'introspect',
        as: 'Bearer {access:shop}',
        body: 'token={access:shop}',
      },
      { name: 'JSON', to: 'introspect', type: 'application/json', body: '{"token":"x"}' },
      { name: 'GET', difference: METHOD, to: 'introspect', method: 'GET' },
    ],
  },
  {
    title: 'DPoP at the token endpoint',
    rows: [
      proved('a valid proof', {}),
      proved('a client that must, without a proof', undefined, {
        difference: PROOF_ERROR,
        as: 'Basic {basic:strict}',
      }),
      proved('a client that must, with a proof', {}, { as: 'Basic {basic:strict}' }),
      proved('an empty header', ''),
      proved('no JWT', 'nonsense'),
      proved('the header twice', { isSentTwice: true }),
      proved('wrong htm', { claims: { htm: 'GET' } }),
      proved('htm in lower case', { claims: { htm: 'post' } }),
      proved('no htm', { claims: { htm: undefined } }),
      proved('wrong htu: another path', { claims: { htu: '/other' } }),
      proved('wrong htu: another host', { claims: { htu: 'https://other.example/token' } }),
      proved('wrong htu: no URL', { claims: { htu: 'token' } }),
      proved('no htu', { claims: { htu: undefined } }),
      proved('htu with a query', { claims: { htu: '?a=b' } }),
      proved('htu with a fragment', { claims: { htu: '#a' } }),
      proved('htu with scheme and host in upper case', { claims: { htu: 'UPPER' } }),
      proved('iat 4 minutes ago', { age: -240 }),
      proved('iat 10 minutes ago', { age: -600 }),
      proved('iat 30 seconds ahead', { age: 30 }),
      proved(
        'iat 2 minutes ahead',
        { age: 120 },
        { difference: 'We are stricter: a clock may be 60 seconds ahead, there 5 minutes.' },
      ),
      proved('iat 10 minutes ahead', { age: 600 }),
      proved('no iat', { claims: { iat: undefined } }),
      proved('iat as text', { claims: { iat: '1' } }),
      proved('no jti', { claims: { jti: undefined } }),
      proved('an empty jti', { claims: { jti: '' } }),
      proved('jti as a number', { claims: { jti: 1 } }),
      proved('exp in the past', { claims: { exp: 1 } }),
      proved('the same proof, the same request', replayed, {
        difference:
          'A retry of the very same request is answered again, so that a lost answer costs nothing. Another request with that proof is refused: see the next row.',
        before: [{ to: 'token', body: SERVICE, proof: replayed }],
      }),
      proved('the same proof, another request', replayed, {
        difference: PROOF_ERROR,
        before: [{ to: 'token', body: `${SERVICE}&scope=a`, proof: replayed }],
      }),
      proved('no jwk', { header: { jwk: undefined } }),
      proved('a private jwk', { header: { jwk: 'private' } }),
      proved('a jwk of another key', { header: { jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } } }),
      proved('alg none', { signature: 'none' }),
      proved('alg HS256', { signature: 'HS256' }),
      proved('a broken signature', { signature: 'broken' }),
      proved('typ JWT', { header: { typ: 'JWT' } }),
      proved('no typ', { header: { typ: undefined } }),
      proved('typ application/dpop+jwt', { header: { typ: 'application/dpop+jwt' } }),
      proved(
        'a nonce where none is asked for',
        { nonce: 'another' },
        {
          difference:
            'A nonce that nobody asked for does no harm. It is ignored, so that a project can stop asking without refusing clients that still send one.',
        },
      ),
      proved('refresh with the key', {}, { as: null, body: REFRESH }),
      proved('refresh without a proof', undefined, { difference: PROOF_ERROR, as: null, body: REFRESH }),
      proved(
        'refresh with another key',
        { key: 'other' },
        { difference: PROOF_ERROR, as: null, body: REFRESH },
      ),
      proved(
        'refresh with the key, after another key tried',
        {},
        {
          as: null,
          body: REFRESH,
          before: [{ to: 'token', as: null, body: REFRESH, proof: { key: 'other' } }],
        },
      ),
      proved(
        'refresh of an unbound session with a proof',
        {},
        {
          difference:
            'A session is bound when it is opened, or never. RFC 9449 §5 lets the server issue a Bearer token, and `token_type` says so.',
          as: null,
          body: 'grant_type=refresh_token&client_id=page&refresh_token={refresh:page}',
        },
      ),
    ],
  },
  {
    title: 'DPoP with nonces',
    rows: [
      proved('no nonce', {}, { needsNonce: true }),
      proved(
        'a nonce of the server',
        { nonce: 'of the server' },
        { needsNonce: true, before: [{ to: 'token', body: SERVICE, proof: {} }] },
      ),
      proved('another nonce', { nonce: 'another' }, { needsNonce: true }),
      proved('wrong htm and no nonce', { claims: { htm: 'GET' } }, { needsNonce: true }),
      proved('no proof', undefined, { needsNonce: true }),
    ],
  },
  {
    title: 'DPoP with an access token (`userinfo` there, `GET /auth/user` here)',
    rows: [
      atUser('a valid proof', {}),
      atUser('no ath', { ath: null }),
      atUser('wrong ath', { ath: 'another token' }),
      atUser('wrong htm', { claims: { htm: 'POST' } }),
      atUser('wrong htu', { claims: { htu: '/other' } }),
      atUser(
        'another key',
        { key: 'other' },
        {
          difference:
            'RFC 9449 §4.3 counts the comparison with the key of the token among the checks of the proof.',
        },
      ),
      atUser('no proof', undefined, {
        difference: 'RFC 9449 §7.1: 401 with the DPoP challenge, which tells the client what to send.',
      }),
      atUser('the bound token as a Bearer', undefined, { as: 'Bearer {bound-access:page}' }),
      atUser(
        'the bound token as a Bearer, with a proof',
        { ath: null },
        {
          difference:
            'RFC 9449 §7.2: a bound token that is sent as a Bearer is refused, with or without a proof: 401 `invalid_token`.',
          as: 'Bearer {bound-access:page}',
        },
      ),
      atUser('an unbound token as DPoP', {}, { as: 'DPoP {access:page}' }),
      atUser('an unbound token as a Bearer', undefined, { as: 'Bearer {access:page}' }),
      atUser('an unknown token as DPoP', {}, { as: 'DPoP unknown' }),
      atUser('an unknown token as a Bearer', undefined, { as: 'Bearer unknown' }),
      atUser('no token', undefined, { as: null }),
    ],
  },
];

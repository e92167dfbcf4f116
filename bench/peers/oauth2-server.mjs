// @ts-check
/**
 * Peer: the `refresh_token` grant of @node-oauth/oauth2-server with rotation, over bare `node:http`, its tokens in
 * Redis. The access token has the claims of the floors.
 *
 * The library checks requests and leaves storage to its model. The model does the least that the library asks for: a
 * refresh reads the presented token, deletes it, which only one of two concurrent requests can do, and stores its
 * successor. Access tokens are not stored, and the client is known without a query.
 *
 * `node bench/peers/oauth2-server.mjs --port 8000 --sessions 256 --redis redis://127.0.0.1:6379/2`
 */
import { randomUUID } from 'node:crypto';
import { parse } from 'node:querystring';
import { parseArgs } from 'node:util';
import OAuth2Server from '@node-oauth/oauth2-server';
import {
  ACCESS_TOKEN_SECONDS,
  accessClaims,
  seededToken,
  serve,
  SESSION_MS,
  signAccessToken,
} from '../floors/bare-answer.mjs';
import { emptyDatabase, OPTIONS } from './peer.mjs';

const { values } = parseArgs({ options: OPTIONS });
const redis = await emptyDatabase(values.redis);

const CLIENT = { id: 'ptdev', grants: ['refresh_token'] };
const SCOPE = ['api'];
const SESSION_SECONDS = SESSION_MS / 1000;

/** @param {string} token */
const keyOf = (token) => `refresh:${token}`;

/** @type {OAuth2Server.RefreshTokenModel} */
const model = {
  getClient: async (id) => (id === CLIENT.id ? CLIENT : null),
  /** Only `authenticate()` calls it. */
  getAccessToken: async () => null,
  getRefreshToken: async (token) => {
    const stored = await redis.get(keyOf(token));
    if (stored === null) return null;
    const { expiresAt, scope, user } = JSON.parse(stored);
    return {
      refreshToken: token,
      refreshTokenExpiresAt: new Date(expiresAt),
      scope,
      client: CLIENT,
      user,
    };
  },
  revokeToken: async ({ refreshToken }) => (await redis.del(keyOf(refreshToken))) === 1,
  generateAccessToken: async (_client, user) =>
    signAccessToken(values.secret, accessClaims(user['sid'], Math.floor(Date.now() / 1000))),
  // The library's own generator waits for a thread of the pool.
  generateRefreshToken: async () => randomUUID().replaceAll('-', ''),
  saveToken: async (token, client, user) => {
    const { refreshToken = '', refreshTokenExpiresAt, scope } = token;
    const stored = JSON.stringify({ expiresAt: refreshTokenExpiresAt, scope, user });
    await redis.set(keyOf(refreshToken), stored, { EX: SESSION_SECONDS });
    return { ...token, client, user };
  },
};

const oauth = new OAuth2Server({
  model,
  accessTokenLifetime: ACCESS_TOKEN_SECONDS,
  refreshTokenLifetime: SESSION_SECONDS,
  alwaysIssueNewRefreshToken: true,
  requireClientAuthentication: { refresh_token: false },
});

/**
 * @param {import('node:http').IncomingMessage} incoming
 * @param {string} form
 * @param {import('node:http').ServerResponse} outgoing
 */
async function answer({ headers, method = '' }, form, outgoing) {
  const request = new OAuth2Server.Request({
    headers: /** @type {Record<string, string>} */ (headers),
    method,
    query: {},
    body: parse(form),
  });
  const response = new OAuth2Server.Response();
  try {
    await oauth.token(request, response);
  } catch (error) {
    if (!(error instanceof OAuth2Server.OAuthError)) throw error;
    response.status = error.code;
  }
  const body = JSON.stringify(response.body);
  outgoing.writeHead(response.status ?? 500, {
    ...response.headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  outgoing.end(body);
}

await Promise.all(
  Array.from({ length: Number(values.sessions) }, (_, i) =>
    model.saveToken(
      {
        accessToken: '',
        refreshToken: seededToken(i),
        refreshTokenExpiresAt: new Date(Date.now() + SESSION_MS),
        scope: SCOPE,
        client: CLIENT,
        user: {},
      },
      CLIENT,
      { id: 'ptdev', sid: String(i) },
    ),
  ),
);

serve(
  (incoming, outgoing) => {
    let form = '';
    incoming.setEncoding('latin1');
    incoming.on('data', (/** @type {string} */ chunk) => (form += chunk));
    incoming.on('end', () => {
      answer(incoming, form, outgoing).catch(() => outgoing.writeHead(500, { 'content-length': 0 }).end());
    });
  },
  values,
  () => redis.quit(),
);

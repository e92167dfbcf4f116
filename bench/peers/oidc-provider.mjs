// @ts-check
/**
 * Peer: the `refresh_token` grant of node-oidc-provider with rotation, its tokens in Redis. The access token is a JWT with
 * the claims of the floors and is not stored. There is no ID token, because the session lacks the scope `openid`.
 *
 * A refresh reads the refresh token and its grant, marks the token as consumed and stores its successor: four round
 * trips to Redis. Everything that a refresh does not need is switched off.
 *
 * `node bench/peers/oidc-provider.mjs --port 8000 --sessions 256 --redis redis://127.0.0.1:6379/1`
 */
import { parseArgs } from 'node:util';
import {
  ACCESS_TOKEN_SECONDS,
  accessClaims,
  seededToken,
  serve,
  SESSION_MS,
} from '../floors/bare-answer.mjs';
import { emptyDatabase, OPTIONS } from './peer.mjs';

const { values } = parseArgs({ options: OPTIONS });
const redis = await emptyDatabase(values.redis);

const CLIENT_ID = 'ptdev';
const ACCOUNT_ID = 'ptdev';
const RESOURCE = 'urn:bench:api';
const SCOPE = 'api';
const SESSION_SECONDS = SESSION_MS / 1000;

const CONSUMABLE = new Set(['AuthorizationCode', 'RefreshToken']);
const GRANTABLE = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** @param {string} grantId */
const grantKeyOf = (grantId) => `grant:${grantId}`;

/**
 * The Redis adapter that the library's documentation shows, without the query for the remaining life of the grant's
 * list: all refresh tokens live equally long, so the newest one is the last to expire.
 */
class RedisAdapter {
  /** @param {string} model */
  constructor(model) {
    this.model = model;
  }

  /**
   * @param {string} id
   * @param {{ grantId?: string }} payload
   * @param {number} expiresIn seconds
   */
  async upsert(id, payload, expiresIn) {
    const key = this.#keyOf(id);
    const stored = JSON.stringify(payload);
    // One write to the socket. The list comes first, so that every stored token can be revoked with its grant.
    await Promise.all([
      ...(GRANTABLE.has(this.model) && payload.grantId !== undefined
        ? [
            redis.rPush(grantKeyOf(payload.grantId), key),
            redis.expire(grantKeyOf(payload.grantId), expiresIn),
          ]
        : []),
      ...(CONSUMABLE.has(this.model)
        ? [redis.hSet(key, 'payload', stored), redis.expire(key, expiresIn)]
        : [redis.set(key, stored, { EX: expiresIn })]),
    ]);
  }

  /** @param {string} id */
  async find(id) {
    const key = this.#keyOf(id);
    const [stored, consumed] = CONSUMABLE.has(this.model)
      ? await redis.hmGet(key, ['payload', 'consumed'])
      : [await redis.get(key)];
    if (typeof stored !== 'string') return undefined;
    const payload = JSON.parse(stored);
    if (typeof consumed === 'string') payload.consumed = Number(consumed);
    return payload;
  }

  /** @param {string} id */
  async consume(id) {
    await redis.hSet(this.#keyOf(id), 'consumed', Math.floor(Date.now() / 1000));
  }

  /** @param {string} id */
  async destroy(id) {
    await redis.del(this.#keyOf(id));
  }

  /** @param {string} grantId */
  async revokeByGrantId(grantId) {
    const tokens = await redis.lRange(grantKeyOf(grantId), 0, -1);
    await redis.del([...tokens, grantKeyOf(grantId)]);
  }

  /** @param {string} id */
  #keyOf(id) {
    return `${this.model}:${id}`;
  }
}

// The library is made for Node.js 22; of that, it uses one function here. It says so on the console.
if (!('parse' in URL))
  Object.assign(URL, { parse: (/** @type {string} */ url) => (URL.canParse(url) ? new URL(url) : null) });
/** @type {string} it has no types of its own */
const LIBRARY = 'oidc-provider';
const { default: Provider } = await import(LIBRARY);

const resourceServer = {
  scope: SCOPE,
  audience: 'api',
  accessTokenFormat: 'jwt',
  jwt: {
    sign: {
      alg: 'HS256',
      kid: '1',
      // The form in which jose signs with it; a buffer or a KeyObject is imported again for every token.
      key: await crypto.subtle.importKey(
        'raw',
        new TextEncoder().encode(values.secret),
        { name: 'HMAC', hash: 'SHA-256' },
        false,
        ['sign'],
      ),
    },
  },
};

const provider = new Provider('https://peer.example', {
  adapter: RedisAdapter,
  clients: [
    {
      client_id: CLIENT_ID,
      token_endpoint_auth_method: 'none',
      grant_types: ['refresh_token'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  clientAuthMethods: ['none'],
  scopes: ['offline_access'],
  findAccount: (/** @type {unknown} */ _ctx, /** @type {string} */ accountId) => ({
    accountId,
    claims: () => ({ sub: accountId }),
  }),
  /** The library adds `sub` and `scope`, and sets `iss`, `aud`, `client_id`, `iat`, `exp` and `jti` itself. */
  extraTokenClaims: (/** @type {unknown} */ _ctx, /** @type {{ sid: string }} */ token) =>
    accessClaims(token.sid, Math.floor(Date.now() / 1000)),
  features: {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => resourceServer,
      useGrantedResource: () => true,
    },
  },
  routes: { token: '/token' },
  rotateRefreshToken: true,
  ttl: { AccessToken: ACCESS_TOKEN_SECONDS, Grant: SESSION_SECONDS, RefreshToken: SESSION_SECONDS },
  cookies: { keys: ['of-the-bench'] },
});
provider.proxy = true;

/**
 * @param {object} client
 * @param {number} index
 */
async function seed(client, index) {
  const grant = new provider.Grant({ accountId: ACCOUNT_ID, clientId: CLIENT_ID });
  grant.addResourceScope(RESOURCE, SCOPE);
  await new provider.RefreshToken({
    jti: seededToken(index),
    accountId: ACCOUNT_ID,
    client,
    grantId: await grant.save(),
    gty: 'authorization_code',
    resource: RESOURCE,
    rotations: 0,
    scope: SCOPE,
    sid: String(index),
  }).save();
}

const client = await provider.Client.find(CLIENT_ID);
await Promise.all(Array.from({ length: Number(values.sessions) }, (_, index) => seed(client, index)));

serve(provider.callback(), values, () => redis.quit());

// @ts-check
/**
 * The minimum work of a refresh, which every floor server does.
 *
 * A floor answers the documented call over plain `node:http`: it parses the URL and the headers, decrypts
 * `XverifyApi`, finds the session in a `Map`, signs the 25-claim HS256 token and sends the full envelope.
 * It has no tenancy rules, replay memory, schema, log, metrics, limits or error catalogue. The service is compared
 * with it, so the code is simple and not tuned further.
 */
import { createDecipheriv, createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { parse } from 'node:querystring';

/**
 * @typedef {object} BareSession
 * @property {number} id
 * @property {string} token
 * @property {number} generation
 * @property {string} superseded the superseded tokens that a row remembers; written with each rotation
 */

const GUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/i;
export const ACCESS_TOKEN_SECONDS = 60;
export const SESSION_MS = 14 * 86_400_000;
/** Sixteen superseded tokens, in the format of the service. */
const SUPERSEDED_LENGTH = 16 * 20;
const ZONE_MS = 8 * 3_600_000;

/** Command-line options of every floor. */
export const OPTIONS = /** @type {const} */ ({
  port: { type: 'string', default: '8000' },
  sessions: { type: 'string', default: '256' },
  secret: { type: 'string', default: 'bench-secret-bench-secret-bench-secret' },
  'verify-key': { type: 'string', default: 'ptdev-58' },
  /** Leaves `XverifyApi` unopened, as a server without an anti-forgery header. */
  'no-verify': { type: 'boolean', default: false },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
});

/** Headers of every response, except its length. */
export const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'referrer-policy': 'no-referrer',
};

/**
 * The refresh token of a seeded session, so that floor and generator agree without a login.
 *
 * @param {number} index
 */
export function seededToken(index) {
  return index.toString(36).padStart(32, '0');
}

/**
 * @param {number} count
 * @returns {Map<string, BareSession>} by refresh token
 */
export function seededSessions(count) {
  /** @type {Map<string, BareSession>} */
  const sessions = new Map();
  for (let id = 0; id < count; id++)
    sessions.set(seededToken(id), { id, token: seededToken(id), generation: 0, superseded: '' });
  return sessions;
}

/** @param {number} value */
const two = (value) => (value < 10 ? `0${value}` : `${value}`);

/**
 * `YYYY/M/D HH:mm:ss` at UTC+8, the format of the `expires` claim.
 *
 * @param {number} seconds since the epoch
 */
function localClaimTime(seconds) {
  const d = new Date(seconds * 1000 + ZONE_MS);
  return `${d.getUTCFullYear()}/${d.getUTCMonth() + 1}/${d.getUTCDate()} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
}

/**
 * The 25 claims of an access token.
 *
 * @param {string} sid
 * @param {number} now seconds since the epoch
 */
export function accessClaims(sid, now) {
  const exp = now + ACCESS_TOKEN_SECONDS;
  return {
    iss: 'RG3',
    aud: 'api',
    id: 'ptdev',
    name: 'dev',
    client_id: 'ptdev',
    expires: localClaimTime(exp),
    open_id: '',
    wb_id: '',
    wx_open_id: '',
    wx_union_id: '',
    telephone: '',
    push_name: '开发管理员',
    head_icon: '',
    dep_id: '',
    sys_id: '',
    merge_user_id: '',
    area_code: '',
    role_id: 'development',
    developer: '1',
    nbf: now,
    exp,
    iat: now,
    owner_id: 'ptdev',
    sid,
    jti: randomUUID(),
  };
}

const TOKEN_HEADER = Buffer.from('{"typ":"JWT","alg":"HS256","kid":"1"}').toString('base64url');

/**
 * @param {string} secret
 * @param {object} claims
 */
export function signAccessToken(secret, claims) {
  const signed = `${TOKEN_HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/**
 * The envelope's `data`.
 *
 * @param {string} secret
 * @param {BareSession} session
 * @param {string} refreshToken
 * @param {number} seq
 */
export function grant(secret, session, refreshToken, seq) {
  const now = Date.now();
  return {
    tokenType: 'Bearer',
    tokenUser: {
      clientId: 'ptdev',
      userId: 'ptdev',
      userName: 'dev',
      pushName: '开发管理员',
      roleId: ['development'],
      depId: [],
      areaCode: [],
      jobId: [],
      sysId: [],
      mergeUserId: [],
      developer: 1,
    },
    timeStamp: now,
    refreshToken,
    accessToken: signAccessToken(secret, accessClaims(String(session.id), Math.floor(now / 1000))),
    clientId: 'ptdev',
    expires: new Date(now + SESSION_MS + ZONE_MS).toISOString().slice(0, 19),
    expiresIn: ACCESS_TOKEN_SECONDS,
    tokenSeq: seq,
  };
}

/**
 * @param {object} data
 * @param {string} cacheType
 */
export function envelope(data, cacheType) {
  return JSON.stringify({
    success: true,
    code: 0,
    message: '',
    data,
    error: { errorCode: null, errorText: null },
    cacheType,
    cacheDate: new Date().toISOString(),
  });
}

/** @param {string} key */
export function verifier(key) {
  // EDE3 with the same key three times equals DES-ECB; OpenSSL 3 has single DES only in its legacy provider.
  const tripled = Buffer.from(key.repeat(3));
  /** @param {string | string[] | undefined} value */
  return (value) => {
    if (typeof value !== 'string') return false;
    try {
      const decipher = createDecipheriv('des-ede3-ecb', tripled, null);
      return GUID.test(decipher.update(value, 'base64', 'latin1') + decipher.final('latin1'));
    } catch {
      return false;
    }
  };
}

/**
 * @param {object} options
 * @param {string} options.secret signs the access token
 * @param {string | null} options.verifyKey 8 characters, DES; null: `XverifyApi` is not opened
 * @param {Map<string, BareSession>} options.sessions
 * @param {((session: BareSession, token: string) => Promise<boolean>) | null} options.rotate
 *   writes the session's next token durably and returns whether the row was still as expected;
 *   null: the token stays the same and nothing is written
 * @param {string} options.cacheType
 * @returns {http.RequestListener}
 */
export function bareListener({ secret, verifyKey, sessions, rotate, cacheType }) {
  const verify = verifyKey === null ? () => true : verifier(verifyKey);
  return (request, response) => {
    /**
     * @param {number} status
     * @param {string} body
     */
    const send = (status, body) => {
      response.writeHead(status, {
        ...HEADERS,
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    };
    const url = request.url ?? '';
    const mark = url.indexOf('?');
    const presented = mark < 0 ? undefined : parse(url.slice(mark + 1))['refreshToken'];
    const session = typeof presented === 'string' ? sessions.get(presented) : undefined;
    if (
      url.slice(0, mark) !== '/bo/api/v3/auth/token/refresh' ||
      request.headers['xownerid'] !== 'ptdev' ||
      session === undefined ||
      !verify(request.headers['xverifyapi'])
    ) {
      send(401, '{"success":false,"code":1,"data":null}');
      return;
    }
    if (rotate === null) {
      send(200, envelope(grant(secret, session, session.token, 0), cacheType));
      return;
    }
    session.superseded = `${session.superseded} ${session.generation}.0@${Date.now()}`.slice(
      -SUPERSEDED_LENGTH,
    );
    const successor = randomUUID().replaceAll('-', '');
    const body = envelope(grant(secret, session, successor, session.generation + 1), cacheType);
    void rotate(session, successor).then(
      (won) => {
        if (won) {
          sessions.delete(session.token);
          session.token = successor;
          session.generation += 1;
          sessions.set(successor, session);
        }
        return won ? send(200, body) : send(409, '{"success":false,"code":2,"data":null}');
      },
      () => send(503, '{"success":false,"code":3,"data":null}'),
    );
  };
}

/**
 * Listens, and exits normally on SIGTERM, so that Node.js writes the CPU profile.
 *
 * @param {http.RequestListener} listener
 * @param {{ port: string, 'tls-cert'?: string | undefined, 'tls-key'?: string | undefined }} options
 * @param {() => unknown} [close] closes other resources
 */
export function serve(listener, { port, 'tls-cert': cert, 'tls-key': key }, close = () => {}) {
  const server =
    cert === undefined || key === undefined
      ? http.createServer(listener)
      : https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, listener);
  server.keepAliveTimeout = 60_000;
  server.listen(Number(port), '127.0.0.1');
  process.once('SIGTERM', () => {
    server.closeAllConnections();
    server.close(() => void close());
  });
}

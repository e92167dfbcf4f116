// @ts-check
/**
 * What one caller sends and how it checks the response. A virtual user has its own session: the token of one response is
 * the token that its next request presents.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

/**
 * @typedef {object} Account of a virtual user
 * @property {string} owner `XownerId`
 * @property {string} verifyKey
 * @property {string} userName
 * @property {string} password
 * @property {string} clientId of its sessions
 */

/**
 * @typedef {object} Session the current position of a token chain, which one run passes to the next
 * @property {Account} account
 * @property {string} refreshToken
 * @property {number} tokenSeq
 * @property {string} accessToken
 */

/** @typedef {import('./verify-values.mjs').VerifyValues} VerifyValues */
/** @typedef {import('./connection.mjs').Answer} Answer */

/**
 * @typedef {object} VirtualUser
 * @property {() => string} request the complete next request
 * @property {(answer: Answer) => string | null} judge null if the response is correct, otherwise what is wrong
 * @property {Session} session
 */

const REFRESH_TOKEN = /^[0-9A-Za-z]{32}$/;

/**
 * @typedef {object} TokenEndpoint
 * @property {(account: Account) => string} path
 * @property {RegExp} refreshToken the format of the tokens that it issues
 */

/** @type {TokenEndpoint} of the service */
const OWN_ENDPOINT = {
  path: ({ owner }) => `/bo/api/v3/oauth/${owner}/token`,
  refreshToken: REFRESH_TOKEN,
};
/** @type {TokenEndpoint} of the servers in `peers/` */
const PEER_ENDPOINT = { path: () => '/token', refreshToken: /^[\w-]{32,43}$/ };

/** Every 64th access token's signature is checked; everything else is checked in every response. */
const SIGNATURE_SAMPLE = 64;

/**
 * @param {Account} account
 * @param {VerifyValues} verifyValues
 */
function headers({ owner }, verifyValues) {
  return (
    `Host: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: application/json\r\nXownerId: ${owner}\r\n` +
    `XverifyApi: ${verifyValues.next()}\r\nContent-Type: application/json; charset=utf-8\r\n`
  );
}

/**
 * @param {Account} account
 * @param {VerifyValues} verifyValues
 * @param {string} path
 * @param {object} body
 */
function post(account, verifyValues, path, body) {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\n${headers(account, verifyValues)}Content-Length: ${text.length}\r\n\r\n${text}`;
}

/**
 * @param {string} token
 * @param {string} secret
 */
function signatureHolds(token, secret) {
  const dot = token.lastIndexOf('.');
  const expected = createHmac('sha256', secret).update(token.slice(0, dot)).digest();
  const given = Buffer.from(token.slice(dot + 1), 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/**
 * @param {Answer} answer
 * @returns {Record<string, any> | string} `data`, or what is wrong
 */
function payload({ status, head, body }) {
  if (status !== 200) return `${status} ${head.slice(0, 200)} ${body.slice(0, 300)}`;
  const parsed = JSON.parse(body);
  if (parsed.success !== true || parsed.code !== 0 || parsed.error?.errorCode !== null)
    return `not a success: ${body.slice(0, 300)}`;
  return parsed.data;
}

/**
 * @param {Record<string, any>} data of a login or a refresh
 * @param {Session | null} before
 * @param {boolean | null} rotates whether the refresh token must be a new one; null: not checked
 * @param {string | null} secret to check the access token's signature with
 * @returns {string | null}
 */
function judgeTokens(data, before, rotates, secret) {
  if (data['tokenType'] !== 'Bearer') return `tokenType is ${data['tokenType']}`;
  if (!REFRESH_TOKEN.test(data['refreshToken'])) return `refreshToken is ${data['refreshToken']}`;
  if (!(data['expiresIn'] > 0)) return `expiresIn is ${data['expiresIn']}`;
  if (typeof data['tokenUser']?.userId !== 'string') return 'no tokenUser';
  if (before !== null && data['accessToken'] === before.accessToken)
    return 'the accessToken is the former one';
  if (before !== null && rotates !== null) {
    if ((data['refreshToken'] !== before.refreshToken) !== rotates)
      return rotates ? 'the refreshToken did not rotate' : 'the refreshToken changed';
    if (data['tokenSeq'] !== before.tokenSeq + (rotates ? 1 : 0))
      return `tokenSeq went from ${before.tokenSeq} to ${data['tokenSeq']}`;
  }
  if (secret !== null && !signatureHolds(data['accessToken'], secret))
    return 'the accessToken has a bad signature';
  return null;
}

/** Refreshes its own session again and again. @implements {VirtualUser} */
class RefreshUser {
  #answers = 0;

  /**
   * @param {Session} session
   * @param {VerifyValues} verifyValues
   * @param {boolean} rotates
   * @param {string | null} secret
   */
  constructor(session, verifyValues, rotates, secret) {
    this.session = session;
    this.verifyValues = verifyValues;
    this.rotates = rotates;
    this.secret = secret;
  }

  request() {
    return `GET /bo/api/v3/auth/token/refresh?refreshToken=${this.session.refreshToken} HTTP/1.1\r\n${headers(this.session.account, this.verifyValues)}\r\n`;
  }

  /** @param {Answer} answer */
  judge(answer) {
    const data = payload(answer);
    if (typeof data === 'string') return data;
    const sampled = this.#answers++ % SIGNATURE_SAMPLE === 0;
    const wrong = judgeTokens(data, this.session, this.rotates, sampled ? this.secret : null);
    this.session = {
      account: this.session.account,
      refreshToken: data['refreshToken'],
      tokenSeq: data['tokenSeq'],
      accessToken: data['accessToken'],
    };
    return wrong;
  }
}

/** Refreshes its own session at a standard token endpoint, as a public client. @implements {VirtualUser} */
class OAuthUser {
  #answers = 0;

  /**
   * @param {Session} session
   * @param {TokenEndpoint} endpoint
   * @param {string | null} secret
   */
  constructor(session, endpoint, secret) {
    this.session = session;
    this.endpoint = endpoint;
    this.secret = secret;
  }

  request() {
    const { account, refreshToken } = this.session;
    const text = `grant_type=refresh_token&client_id=${account.clientId}&refresh_token=${refreshToken}`;
    return (
      `POST ${this.endpoint.path(account)} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n` +
      `Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
      `Content-Length: ${text.length}\r\n\r\n${text}`
    );
  }

  /** @param {Answer} answer */
  judge({ status, head, body }) {
    if (status !== 200) return `${status} ${head.slice(0, 200)} ${body.slice(0, 300)}`;
    const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(body);
    if (!this.endpoint.refreshToken.test(refreshToken)) return `refresh_token is ${refreshToken}`;
    if (refreshToken === this.session.refreshToken) return 'the refresh_token did not rotate';
    if (accessToken === this.session.accessToken) return 'the access_token is the former one';
    this.session = { ...this.session, refreshToken, accessToken };
    const secret = this.#answers++ % SIGNATURE_SAMPLE === 0 ? this.secret : null;
    return secret === null || signatureHolds(accessToken, secret)
      ? null
      : 'the access_token has a bad signature';
  }
}

/** Logs in each time. @implements {VirtualUser} */
class LoginUser {
  /**
   * @param {Session} session
   * @param {VerifyValues} verifyValues
   * @param {string | null} secret
   */
  constructor(session, verifyValues, secret) {
    this.session = session;
    this.verifyValues = verifyValues;
    this.secret = secret;
  }

  request() {
    const { userName, password } = this.session.account;
    return post(this.session.account, this.verifyValues, '/bo/api/v3/auth/token', { userName, password });
  }

  /** @param {Answer} answer */
  judge(answer) {
    const data = payload(answer);
    if (typeof data === 'string') return data;
    const wrong = judgeTokens(data, null, null, this.secret);
    this.session = {
      account: this.session.account,
      refreshToken: data['refreshToken'],
      tokenSeq: data['tokenSeq'],
      accessToken: data['accessToken'],
    };
    return wrong;
  }
}

/** Guesses passwords of invented users. @implements {VirtualUser} */
class GuessUser {
  /**
   * @param {Session} session
   * @param {VerifyValues} verifyValues
   */
  constructor(session, verifyValues) {
    this.session = session;
    this.verifyValues = verifyValues;
  }

  request() {
    const userName = `nobody-${randomUUID()}`;
    const body = { userName, password: 'a-guess' };
    return post(this.session.account, this.verifyValues, '/bo/api/v3/auth/token', body);
  }

  /**
   * Refused, or refused because too many logins wait.
   *
   * @param {Answer} answer
   */
  judge({ status, body }) {
    return status === 401 || status === 503 ? null : `${status} ${body.slice(0, 300)}`;
  }
}

/** Introspects its own refresh token, which outlives the access token. @implements {VirtualUser} */
class IntrospectUser {
  /**
   * @param {Session} session
   * @param {VerifyValues} verifyValues
   */
  constructor(session, verifyValues) {
    this.session = session;
    this.verifyValues = verifyValues;
  }

  request() {
    const token = this.session.refreshToken;
    return post(this.session.account, this.verifyValues, '/bo/api/v3/auth/token/introspect', { token });
  }

  /** @param {Answer} answer */
  judge(answer) {
    const data = payload(answer);
    if (typeof data === 'string') return data;
    return data['active'] === true ? null : `active is ${data['active']}`;
  }
}

/** Requests the small response of the bare Nest floor. @implements {VirtualUser} */
class PlainUser {
  /**
   * @param {Session} session
   * @param {VerifyValues} verifyValues
   */
  constructor(session, verifyValues) {
    this.session = session;
    this.verifyValues = verifyValues;
  }

  request() {
    return `GET /bo/api/v3/bare HTTP/1.1\r\n${headers(this.session.account, this.verifyValues)}\r\n`;
  }

  /** @param {Answer} answer */
  judge({ status, body }) {
    return status === 200 && JSON.parse(body).success === true ? null : `${status} ${body.slice(0, 300)}`;
  }
}

/** @typedef {'reuse' | 'rotate' | 'oauth' | 'peer' | 'login' | 'guess' | 'introspect' | 'plain'} Scenario */

/**
 * @param {Scenario} scenario
 * @param {Session} session
 * @param {VerifyValues} verifyValues
 * @param {string | null} secret of the access tokens; null: signatures are not checked
 * @returns {VirtualUser}
 */
export function virtualUser(scenario, session, verifyValues, secret) {
  if (scenario === 'login') return new LoginUser(session, verifyValues, secret);
  if (scenario === 'oauth') return new OAuthUser(session, OWN_ENDPOINT, secret);
  if (scenario === 'peer') return new OAuthUser(session, PEER_ENDPOINT, secret);
  if (scenario === 'guess') return new GuessUser(session, verifyValues);
  if (scenario === 'introspect') return new IntrospectUser(session, verifyValues);
  if (scenario === 'plain') return new PlainUser(session, verifyValues);
  return new RefreshUser(session, verifyValues, scenario === 'rotate', secret);
}

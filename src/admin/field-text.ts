import type { z } from 'zod';

/** The description of each field of the administration, the same in requests and in responses. */
const FIELD_TEXT: Readonly<Record<string, string>> = {
  ownerId: 'The project, as `XownerId` names it.',
  name: 'The display name.',
  status: '`active` or `disabled`.',
  statusMode:
    '`http`: errors have their real HTTP status. `always200`: every response has status 200, for clients that cannot handle others.',
  language:
    'The language of error messages for callers whose `Accept-Language` prefers neither: `en` or `zh` (Chinese).',
  timeZone: 'IANA time zone, for local times and for timestamps without an offset.',
  accessTokenSeconds: 'Lifetime of an access token, in seconds.',
  refreshPolicy:
    '`rotate`: each refresh returns a new refresh token. `reuse`: each refresh returns the same one.',
  graceSeconds:
    'Grace period in seconds: for this long, the previous refresh token still returns the same successor.',
  idleSeconds:
    'Idle lifetime in seconds: a session that is not refreshed for this long expires. null: no limit.',
  absoluteSeconds: 'Absolute lifetime of a session, in seconds. A refresh does not extend it.',
  lostResponse:
    'What happens when the previous token comes after the grace period and its successor was never used: `reissue` a token, or `revoke` the session.',
  maxSessions: 'Maximum number of sessions per user. null: no limit.',
  maxSessionsPerClient:
    'Maximum number of sessions per user and `clientId`, such as one browser. null: no limit.',
  whenFull:
    'What happens to a login beyond the maximum: `replace` the oldest session, or `refuse` the login with 409.',
  loginMaxFailures:
    'Failed logins with one user name from one network (IPv4 /24, IPv6 /64) within `loginLockSeconds` that lock further ones from there; 20 times as many from all networks lock those that the user does not usually sign in from. 0: off.',
  loginLockSeconds: 'For how long failed logins count, and for how long the lock lasts, in seconds.',
  allowedOrigins:
    'Origins whose pages may call this project and read its responses (CORS), in addition to `CORS_ORIGINS`: `https://admin.example.com`, or `https://*.example.com` for one label. An empty list clears it.',
  refreshTokenIn:
    'Where login and refresh put the refresh token: `body`, or `cookie`, which no script of a page can read (`data.refreshToken` is then empty).',
  cookieSameSite:
    '`SameSite` of that cookie: `strict`, `lax`, or `none` for pages of other sites; `none` also lets pages of allowed origins send it (`Access-Control-Allow-Credentials`).',
  secondFactor:
    'Whether a login asks for the code of a second factor: `off`, `optional` (users who have enrolled) or `required` (everybody; who has not enrolled must do so first).',
  verifyCipher: 'The algorithm of `XverifyApi`.',
  verifyKey:
    'The key of `XverifyApi`: text, or its exact bytes as `hex:…` or `base64:…`. Generated when absent; shown only once.',
  verifyIv:
    'The initialization vector: text, or its 8 bytes as `hex:…` or `base64:…`. For `des-cbc` and `des-ede3-cbc` only.',
  verifyPadding:
    'How the plaintext of `XverifyApi` is padded: `pkcs7`, or `zeros` up to a whole block. Ignored by `hmac-sha256`.',
  verifyEncoding: 'The encoding of `XverifyApi` that clients should use. The server accepts all of them.',
  verifySkewSeconds:
    'Maximum difference between the timestamp in `XverifyApi` and the server clock, in seconds.',
  verifyStampRequired: 'Whether `XverifyApi` must contain a timestamp.',
  verifyPreviousUntil: 'When the previous key expires (ISO 8601, UTC). null: there is no previous key.',
  overlapSeconds: 'For how long the old key is still accepted, in seconds.',
  kid: 'The key id: the RFC 7638 thumbprint of the signing key, as in the `kid` header of tokens.',
  algorithm: 'The signing algorithm. Default: ES256.',
  force: 'Skip the waiting time. For a leaked key: valid access tokens may be refused meanwhile.',
  publishedAt: 'When the key was published (ISO 8601, UTC).',
  signingAt: 'When the key was last promoted (ISO 8601, UTC). null: never.',
  promotableAt:
    'When the key can be promoted without `force` (ISO 8601, UTC). null: it is signing or retired.',
  retirableAt: 'When the key can be retired without `force` (ISO 8601, UTC). null: it is signing or retired.',
  retiredAt: 'When the key was retired (ISO 8601, UTC). null: it is not retired.',
  createdAt: 'When it was created (ISO 8601, UTC).',
  userId: 'The user’s id, unique in the project.',
  userName: 'The login name.',
  clientId: 'The client application for logins that name none.',
  pushName: 'The display name.',
  roleId: 'Role ids.',
  depId: 'Department ids.',
  areaCode: 'Code of the administrative area, e.g. GB/T 2260.',
  parentCode: 'Code of the area above. null: there is none. Absent in an import: derived from `areaCode`.',
  jobId: 'Job ids.',
  sysId: 'The system, as `XsysId` names it.',
  mergeUserId: 'Ids of accounts merged into this one.',
  developer: '1: may administer the project. 0: may not.',
  openId: 'The user’s id at an identity provider.',
  wbId: 'The Weibo id.',
  wxOpenId: 'The WeChat openid.',
  wxUnionId: 'The WeChat unionid.',
  telephone: 'The telephone number.',
  headIcon: 'The URL of the avatar.',
  secondFactorEnrolled: 'Whether the user has a second factor.',
  locked: '`true`: only users who are locked after too many failed logins, from one network or from all.',
  unlocked: 'The failed logins of the user are forgotten.',
  reset: 'Whether the user had a second factor. `false`: there was nothing to remove.',
  validAfter:
    'Sessions that began before this time are no longer valid (ISO 8601, UTC). null: all sessions of the user were never ended at once.',
  password: 'The password, 8 to 1024 characters.',
  passwordHash:
    'Instead of `password`: a hash made by another system, in the `passwordFormat`. The first login replaces it by argon2id with our own parameters.',
  passwordFormat:
    'How `passwordHash` was made. `argon2id` (default): a PHC string with m up to 65536, p up to 4 and m times t up to 262144. `bcrypt`: `$2a$`, `$2b$` or `$2y$`, also after `{bcrypt}`, cost 4 to 15. `pbkdf2`: a PHC string, or the Base64 of ASP.NET Identity version 3. `jeecg`: JeecgBoot’s. Or a digest expression such as `md5(username+password+salt)` or `sha256(salt+password)^1024`, with the result in hexadecimal or Base64: the digests are md5, sha1, sha256, sha512 and sm3; the terms password, username, salt, text in single quotes, and a nested digest for its lower-case hexadecimal; `^n` makes n digests in all, each of the bytes of the one before.',
  passwordMinLength: 'Minimum length of a password that a user chooses, in characters.',
  passwordMinClasses:
    'How many of these a password that a user chooses must have: lower-case letters, upper-case letters, digits, other characters.',
  passwordMaxAgeDays:
    'Days after which a password must be changed: the login is then answered 403 `PASSWORD_CHANGE_REQUIRED`. null: never.',
  passwordHistory: 'From how many passwords a new one must differ, including the present one. 0: none.',
  passwordBlocklist:
    '`on`: a user may not choose one of the most common passwords, or one that contains the names of the user. `off`: no such rule.',
  firstLoginChange: '`on`: a user must change a password that an administrator has set. `off`: may keep it.',
  signing:
    'How access tokens are signed. `hs256`: with `JWT_SECRET`, which every verifier must know. `es256` and the others: with a key of the project, which verifiers find in its key set. Default: `hs256`.',
  issuer:
    '`fixed`: the `iss` of access tokens is `RG3`. `url`: it is the URL of the OAuth endpoints of the project, as frameworks expect.',
  audience: 'The `aud` of access tokens.',
  introspection:
    'Who may call `POST /auth/token/introspect`. `open`: whoever knows the verify key. `client`: confidential clients only, by HTTP Basic.',
  dpopNonce: '`on`: a DPoP proof must contain a nonce of the service (RFC 9449 §8). `off`: need not.',
  mustChangePassword:
    'Whether the user must change the password before the next login (403 `PASSWORD_CHANGE_REQUIRED`). Default: true if `password` is given and the project has `firstLoginChange` on.',
  passwordSetAt: 'When the password was set or imported (ISO 8601, UTC). null: before this was recorded.',
  passwordSalt: 'The salt of `passwordHash`, for `jeecg` and for digest expressions with `salt`.',
  keepSessions: 'Keep the sessions of the user. Default: false.',
  limit: 'Items per page, 1 to 200.',
  cursor: 'The `nextCursor` of the previous page.',
  nextCursor: 'The cursor of the next page. null: this is the last page.',
  items: 'The items.',
  strict: 'Reject the whole import if one item is rejected. Default: false.',
  since: 'Only events at or after this time: ISO 8601 with an offset, or Unix milliseconds.',
  until: 'Only events before this time: ISO 8601 with an offset, or Unix milliseconds.',
  kind: 'The kind of event, e.g. `login`.',
  id: 'The number of the event.',
  at: 'When it happened (ISO 8601, UTC).',
  sessionId: 'The session id.',
  detail: 'Further details.',
  lastRefreshedAt: 'When the newest refresh token was issued (ISO 8601, UTC).',
  expiresAt: 'When the session expires (ISO 8601, UTC): its idle or its absolute end, whichever comes first.',
  ip: 'The client address at login.',
  userAgent: 'The `User-Agent` at login.',
  line: 'The position of the item, from 1.',
  reason: 'Why the item was rejected.',
  imported: 'Number of items imported.',
  moved: 'Number of other areas that were moved below an imported one.',
  detached: 'Areas without a parent that are not provinces. Import the areas above them.',
  count: 'The total number.',
  first: 'The first of them, at most 5.',
  existing: 'Number of items skipped because they were imported before.',
  refused: 'The rejected items.',
  ended: 'Number of active sessions that were ended.',
  removed: 'Number of items removed.',
  type: '`public`: an app that cannot keep a secret. `confidential`: a service with a secret (RFC 6749 §2.1).',
  grants:
    'What the client may use at the token endpoint. Default: `refresh_token` for public, `client_credentials` for confidential clients.',
  scopes:
    'The scopes that its tokens may have. A service with the scope `grant` may open sessions for users; only the operator can give it. Default: none.',
  dpop: '`required`: every new session of the client must be bound to a key (RFC 9449). `optional`: those that present one. Default: `optional`.',
  previousSecretUntil: 'Until when the former secret is still accepted (ISO 8601, UTC). null: there is none.',
  clientSecret: 'The secret of a confidential client. It is shown only this once.',
};

/** Adds the description to each field that has none yet. */
export function described<Shape extends z.ZodRawShape>(shape: Shape): Shape {
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => {
      const text = (schema as z.ZodType).description ?? FIELD_TEXT[name];
      return [name, text === undefined ? schema : (schema as z.ZodType).describe(text)];
    }),
  ) as Shape;
}

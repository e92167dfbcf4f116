/** Why Redis cannot be used. */
export interface RedisFailure {
  /** One of a bounded set, for health and metrics: a key of {@link SAYS} or `OTHER`. */
  readonly code: string;
  /** What is wrong, as the end of a sentence that begins with "Redis". Holds no credential and no address. */
  readonly says: string;
}

const SAYS = {
  SILENT: 'does not answer',
  ECONNREFUSED: 'cannot be reached: nothing listens at its address',
  ENOTFOUND: 'cannot be reached: its host name cannot be resolved',
  EAI_AGAIN: 'cannot be reached: its host name cannot be resolved at the moment',
  EHOSTUNREACH: 'cannot be reached: there is no route to its host',
  ECONNRESET: 'closed the connection; where it expects TLS, REDIS_URL must begin with rediss://',
  TLS: 'cannot be trusted: the TLS handshake failed; where it speaks no TLS, REDIS_URL must begin with redis://',
  NOAUTH: 'asks for a password, and REDIS_URL holds none',
  WRONGPASS: 'refuses the user name or password of REDIS_URL',
  NOPERM: 'denies the user of REDIS_URL a command, key or channel: it needs bo-auth:* with EVAL and PUBLISH',
  DBINDEX: 'has no database of the number in REDIS_URL',
  READONLY: 'is a read-only replica: REDIS_URL must name the primary',
  OOM: 'refuses writes because its memory is full (maxmemory)',
  MISCONF: 'refuses writes because it cannot save them to disk',
  LOADING: 'is still loading its data',
} as const;

type Code = keyof typeof SAYS;

/** The names that node-redis and Node use, if they differ from the code. */
const ALIASES: readonly (readonly [RegExp, Code])[] = [
  [/^ERR (invalid|.*AUTH.* called without|wrong number of arguments for 'auth')/i, 'WRONGPASS'],
  [/DB index/i, 'DBINDEX'],
  [/timeout|timed out|ETIMEDOUT/i, 'SILENT'],
  [/Socket closed|closed unexpectedly/i, 'ECONNRESET'],
  [
    /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)|certificate|SSL routines|secure TLS|wrong version number|packet length too long/i,
    'TLS',
  ],
  [/can't write against a read only replica|READONLY/, 'READONLY'],
];

export const SILENCE: RedisFailure = { code: 'SILENT', says: SAYS.SILENT };

/** @param thrown by the client: a connection error, or an error reply of Redis */
export function redisFailure(thrown: unknown): RedisFailure {
  if (!(thrown instanceof Error)) return SILENCE;
  const { message } = thrown;
  const given = 'code' in thrown ? String(thrown.code) : '';
  const word = /^[A-Z]+(?= )/.exec(message)?.[0] ?? '';
  for (const code of [given, word]) if (isCode(code)) return { code, says: SAYS[code] };
  for (const [pattern, code] of ALIASES)
    if (pattern.test(message) || pattern.test(given) || pattern.test(thrown.name))
      return { code, says: SAYS[code] };
  return { code: 'OTHER', says: `cannot be used (${given || word || thrown.name})` };
}

function isCode(code: string): code is Code {
  return Object.hasOwn(SAYS, code);
}

export interface FeedOptions {
  /** A confidential client of the project, registered for this service. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** For how long the feed may be out of reach, from 10 s; default 60. Then `whenStale` applies. */
  readonly maxStaleSeconds?: number;
  /** `refuse` (the default): users' tokens are refused with 503. `accept`: ended sessions may go unnoticed. */
  readonly whenStale?: 'refuse' | 'accept';
}

export interface DpopOptions {
  /**
   * Where clients call this service: the origin, and the path that a proxy removes, if any. It must not be taken from the
   * `Host` header: anyone who forwards a proof made for another server can set that header too.
   */
  readonly publicUrl: string;
}

export interface VerifierOptions {
  /** Where this service reaches bo-auth, such as `https://auth.example.com`. */
  readonly url: string;
  /** The project (`XownerId`) whose tokens are accepted. */
  readonly ownerId: string;
  /** The accepted `iss`. Default: `RG3` and the project's issuer URL below `url`. */
  readonly issuer?: string | readonly string[];
  /** The accepted `aud`; default `api`. */
  readonly audience?: string | readonly string[];
  /** The secrets of HS256 tokens (`JWT_SECRET` of bo-auth). Absent: only tokens of the key set are accepted. */
  readonly secret?: string | readonly string[];
  /** Absent: a revoked session's access token is accepted until it expires. */
  readonly feed?: FeedOptions;
  /** Absent: tokens that are bound to a key are refused. */
  readonly dpop?: DpopOptions;
  /** How far the clocks may differ; default 5 s. */
  readonly clockToleranceSeconds?: number;
  /** Called for each failed request to bo-auth. */
  readonly onError?: (error: Error) => void;
  /** Called when the feed has been out of reach for `maxStaleSeconds`. */
  readonly onStale?: () => void;
  /** Called when the feed is complete again after `onStale`. */
  readonly onRecovered?: () => void;
}

const MIN_SECRET_BYTES = 32;
const MIN_STALE_SECONDS = 10;

/** What a verifier works with: the options, checked, with their defaults. */
export interface VerifierSettings {
  readonly ownerId: string;
  readonly keySetUrl: URL;
  readonly feedUrl: URL;
  readonly issuers: string[];
  readonly audiences: string[];
  readonly secrets: readonly string[];
  readonly feed: Required<FeedOptions> | null;
  /** Without a slash at its end. */
  readonly publicUrl: string | null;
  readonly toleranceSeconds: number;
}

/** @throws TypeError that names the wrong option */
export function settingsOf(options: VerifierOptions): VerifierSettings {
  const { ownerId, feed, dpop, secret = [], audience = 'api', clockToleranceSeconds = 5 } = options;
  const base = httpUrl('url', options.url);
  check('ownerId', /^[\w.-]{1,64}$/.test(ownerId ?? ''), 'must name a project');
  const oauth = `${base}/bo/api/v3/oauth/${ownerId}`;
  const secrets = listOf(secret);
  for (const each of secrets)
    check(
      'secret',
      Buffer.byteLength(each) >= MIN_SECRET_BYTES,
      `must have at least ${MIN_SECRET_BYTES} bytes`,
    );
  const issuers = listOf(options.issuer ?? ['RG3', oauth]);
  const audiences = listOf(audience);
  check('issuer', issuers.length > 0 && issuers.every(Boolean), 'must not be empty');
  check('audience', audiences.length > 0 && audiences.every(Boolean), 'must not be empty');
  const isTolerance = clockToleranceSeconds >= 0 && clockToleranceSeconds <= 60;
  check('clockToleranceSeconds', isTolerance, 'must be 0 to 60');
  return {
    ownerId,
    keySetUrl: new URL(`${base}/.well-known/jwks.json?project=${ownerId}`),
    feedUrl: new URL(`${oauth}/revocations`),
    issuers,
    audiences,
    secrets,
    feed: feed === undefined ? null : feedOf(feed),
    publicUrl: dpop === undefined ? null : httpUrl('dpop.publicUrl', dpop.publicUrl),
    toleranceSeconds: clockToleranceSeconds,
  };
}

function feedOf({ clientId, clientSecret, maxStaleSeconds = 60, whenStale = 'refuse' }: FeedOptions) {
  check('feed.clientId', Boolean(clientId), 'must be given');
  check('feed.clientSecret', Boolean(clientSecret), 'must be given');
  check(
    'feed.maxStaleSeconds',
    maxStaleSeconds >= MIN_STALE_SECONDS,
    `must be at least ${MIN_STALE_SECONDS}`,
  );
  check('feed.whenStale', whenStale === 'refuse' || whenStale === 'accept', 'must be refuse or accept');
  return { clientId, clientSecret, maxStaleSeconds, whenStale };
}

function httpUrl(option: string, text: string): string {
  const isUrl = /^https?:\/\//i.test(text ?? '') && URL.canParse(text);
  check(option, isUrl, 'must be an http or https URL');
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/\/+$/, '');
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [value] : [...value];
}

function check(option: string, isGood: boolean, rule: string): void {
  if (!isGood) throw new TypeError(`${option} ${rule}`);
}

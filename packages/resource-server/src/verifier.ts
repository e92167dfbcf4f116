import { errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { type HttpRequest, presentedToken, type PresentedToken } from './access-token-request.js';
import { type AccessTokenClaims, type Auth, authOf, meets, type Requirements } from './auth.js';
import { AuthError, type Challenge } from './auth-error.js';
import { DpopProofs } from './dpop-proof.js';
import { Feed } from './feed.js';
import { FeedFollower } from './feed-follower.js';
import { type Host, processHost, sleep } from './host.js';
import { KeySet, KeySetUnavailable, secretKeys } from './key-set.js';
import { Revocations } from './revocations.js';
import { settingsOf, type VerifierOptions, type VerifierSettings } from './verifier-options.js';

const KEY_SET_ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256'];
const TYPES = ['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'];
/** For how long after the start requests wait for the first state of the feed. */
const FIRST_WAIT_MS = 5_000;
/** How far the clocks of this service and of bo-auth may differ before an entry of the feed is dropped too early. */
const ENTRY_SLACK_MS = 60_000;

/**
 * Verifies access tokens, and follows the revocation feed from its creation until `close()`. Create one for each project, at
 * the start of the process.
 */
export class Verifier {
  private readonly settings: VerifierSettings;
  private readonly keySet: KeySet;
  private readonly key: JWTVerifyGetKey;
  private readonly claimRules: JWTVerifyOptions;
  private readonly revocations: Revocations;
  private readonly follower: FeedFollower | null;
  private readonly proofs: DpopProofs;
  private readonly startedAt: number;

  constructor(
    options: VerifierOptions,
    private readonly host: Host = processHost,
  ) {
    const settings = (this.settings = settingsOf(options));
    this.startedAt = host.monotonic();
    const onError = harmless(options.onError);
    const onStale = harmless(options.onStale);
    const onRecovered = harmless(options.onRecovered);
    this.keySet = new KeySet(settings.keySetUrl, host, onError);
    const ofSecret = secretKeys(settings.secrets);
    // The algorithm decides which kind of key is looked for, so no public key can serve as a secret. @see RFC 8725 §3.1
    this.key = (header, token) =>
      header.alg === 'HS256' ? ofSecret(header, token) : this.keySet.key(header, token);
    this.claimRules = {
      algorithms: settings.secrets.length > 0 ? [...KEY_SET_ALGORITHMS, 'HS256'] : KEY_SET_ALGORITHMS,
      issuer: settings.issuers,
      audience: settings.audiences,
      requiredClaims: ['exp', 'iat'],
      clockTolerance: settings.toleranceSeconds,
    };
    this.proofs = new DpopProofs(host);
    this.revocations = new Revocations(settings.toleranceSeconds * 1000 + ENTRY_SLACK_MS);
    this.follower = this.followed({ onError, onStale, onRecovered });
  }

  /**
   * Waits for the public keys and the present state of the feed. Optional: the first request waits for them, too, for up to
   * 5 s.
   *
   * @throws Error if they have not arrived in time; the verifier keeps trying
   */
  async ready({ timeoutSeconds = 30 } = {}): Promise<void> {
    const isKeySetNeeded = this.settings.secrets.length === 0;
    const keys = isKeySetNeeded ? this.keySetReady() : Promise.resolve();
    const ready = Promise.all([keys, this.follower?.present]).then(() => true);
    const timeout = sleep(this.host, timeoutSeconds * 1000).then(() => false);
    if (!(await Promise.race([ready, timeout])))
      throw new Error('bo-auth has not sent its keys and its feed in time');
  }

  /** Stops following the feed. A verifier that is not closed keeps the process running. */
  close(): void {
    this.follower?.close();
    this.keySet.close();
  }

  /**
   * Verifies the access token of a request, and its DPoP proof if it is bound to a key.
   *
   * @throws AuthError, and nothing else
   */
  async authenticate(request: HttpRequest, required: Requirements = {}): Promise<Auth> {
    const isDpopAccepted = this.settings.publicUrl !== null;
    let challenge: Challenge = { scheme: null, isDpopAccepted, scopes: required.scopes ?? [] };
    try {
      const presented = presentedToken(request);
      challenge = { ...challenge, scheme: presented.scheme };
      const auth = await this.judge(presented.token);
      await this.checkPossession(request, presented, auth);
      if (!meets(auth, required))
        throw new AuthError('insufficient_scope', `of ${auth.kind} ${auth.clientId}`);
      return auth;
    } catch (error) {
      throw (error instanceof AuthError ? error : unexpected(error)).in(challenge);
    }
  }

  /**
   * Verifies a token that did not come with an HTTP request, such as that of a WebSocket message. Tokens that are bound to
   * a key are refused, because there is no proof.
   *
   * @throws AuthError, and nothing else
   */
  async verify(token: string): Promise<Auth> {
    try {
      const auth = await this.judge(token);
      if (auth.claims.cnf !== undefined) throw new AuthError('invalid_token', 'bound to a key');
      return auth;
    } catch (error) {
      throw error instanceof AuthError ? error : unexpected(error);
    }
  }

  private async judge(token: string): Promise<Auth> {
    const rules = { ...this.claimRules, currentDate: new Date(this.host.now()) };
    const { payload, protectedHeader } = await jwtVerify<AccessTokenClaims>(token, this.key, rules);
    const { typ = '' } = protectedHeader;
    if (!TYPES.includes(typ.toLowerCase())) throw new AuthError('invalid_token', `the typ ${typ}`);
    if (payload.owner_id !== this.settings.ownerId)
      throw new AuthError('invalid_token', 'of another project');
    const auth = authOf(payload);
    if (auth === null) throw new AuthError('invalid_token', 'neither of a user nor of a service');
    // The feed is about sessions. The token of a service has none, and is good until it expires.
    if (this.follower !== null && auth.kind === 'user') await this.checkSession(auth, this.follower);
    return auth;
  }

  private async checkSession(auth: Auth, follower: FeedFollower): Promise<void> {
    const waitMs = this.startedAt + FIRST_WAIT_MS - this.host.monotonic();
    if (!follower.isPresent && waitMs > 0) await Promise.race([follower.present, sleep(this.host, waitMs)]);
    if (this.revocations.isRevoked(auth)) throw new AuthError('invalid_token', 'the session has ended');
    if (!follower.isFresh && this.settings.feed?.whenStale === 'refuse')
      throw new AuthError('temporarily_unavailable', 'the revocation feed is out of reach');
  }

  /** @see RFC 9449 §7.1: a bound token needs the scheme DPoP and a proof, any other the scheme Bearer */
  private async checkPossession(
    { method = '', url = '', headers }: HttpRequest,
    { scheme, token }: PresentedToken,
    { claims: { cnf } }: Auth,
  ): Promise<void> {
    const isBound = cnf !== undefined;
    if (isBound !== (scheme === 'DPoP'))
      throw new AuthError(
        'invalid_token',
        isBound ? 'bound to a key, sent as Bearer' : 'not bound, sent as DPoP',
      );
    if (!isBound) return;
    const { publicUrl } = this.settings;
    if (publicUrl === null)
      throw new AuthError('invalid_token', 'bound to a key, and dpop is not configured');
    const jkt = String(cnf.jkt);
    const target = { method, uri: publicUrl + pathOf(url), accessToken: token, jkt };
    const refusal = await this.proofs.refusalOf(headers['dpop'], target);
    if (refusal !== null) throw new AuthError('invalid_dpop_proof', refusal);
  }

  private async keySetReady(): Promise<void> {
    while (!this.keySet.isClosed) {
      try {
        await this.keySet.ready();
        return;
      } catch (error) {
        // The key set makes the pauses.
        if (!(error instanceof KeySetUnavailable)) throw error;
      }
    }
  }

  private followed(hooks: Required<Pick<VerifierOptions, 'onError' | 'onStale' | 'onRecovered'>>) {
    const { feed: options, feedUrl } = this.settings;
    if (options === null) return null;
    const feed = new Feed(feedUrl, options.clientId, options.clientSecret, this.host);
    const { maxStaleSeconds } = options;
    return new FeedFollower(feed, this.revocations, this.host, { maxStaleSeconds, ...hooks });
  }
}

export function createVerifier(options: VerifierOptions): Verifier {
  return new Verifier(options);
}

/** An error that a hook throws must not end what called it. */
function harmless<T extends unknown[]>(hook?: (...args: T) => void): (...args: T) => void {
  return (...args) => {
    try {
      hook?.(...args);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  };
}

function unexpected(cause: unknown): AuthError {
  if (cause instanceof errors.JOSEError)
    return new AuthError('invalid_token', `${cause.code}: ${cause.message}`, { cause });
  const detail = cause instanceof KeySetUnavailable ? cause.message : 'verification failed';
  return new AuthError('temporarily_unavailable', detail, { cause });
}

/** A request target is a path, or, from a proxy, a whole URI. @see RFC 9112 §3.2 */
function pathOf(url: string): string {
  const text = url.startsWith('/') ? `http://localhost${url}` : url;
  return URL.canParse(text) ? new URL(text).pathname : '/';
}

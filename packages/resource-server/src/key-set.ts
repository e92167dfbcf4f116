import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { createHmac } from 'node:crypto';
import { type Host, sleep } from './host.js';

/** How long the service says that its key set may be cached. A new key is published for longer than that before it signs. */
const REFRESH_MS = 300_000;
/** Made-up key ids must not cause a request each. */
const PAUSE_MS = 1_000;
const TIMEOUT_MS = 5_000;

/** The key set cannot be read, so it is unknown whether a token is good. */
export class KeySetUnavailable extends Error {
  override readonly name = 'KeySetUnavailable';
}

/**
 * The public keys of the project, by which all tokens but those of HS256 are verified. They are read again every five
 * minutes, and at once for a key id that is unknown. If the service is out of reach, the keys that were read last stay
 * in use.
 *
 * jose reads and imports them. It is not left to jose when to read them: it would forget the keys when they are old, and
 * refuse a token by a key that was published within 30 s after the last reading.
 */
export class KeySet {
  private readonly remote;
  private isLoaded = false;
  private attemptedAt = -Infinity;
  private loading: Promise<void> | null = null;
  /** A reading that has not begun yet, for all that need one. */
  private next: Promise<void> | null = null;
  private cancelRefresh: (() => void) | null = null;
  isClosed = false;

  constructor(
    url: URL,
    private readonly host: Host,
    private readonly onError: (error: Error) => void,
  ) {
    this.remote = createRemoteJWKSet(url, {
      cacheMaxAge: Infinity,
      cooldownDuration: Infinity,
      timeoutDuration: TIMEOUT_MS,
      [customFetch]: (...request) => host.fetch(...request),
    });
  }

  readonly key: JWTVerifyGetKey = async (header, token) => {
    await this.ready();
    try {
      return await this.remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    await this.loadAgain();
    return this.remote(header, token);
  };

  /** @throws KeySetUnavailable */
  async ready(): Promise<void> {
    if (!this.isLoaded) await (this.loading ?? this.loadAgain());
  }

  close(): void {
    this.isClosed = true;
    this.cancelRefresh?.();
  }

  /** Begins a new reading: one that is in progress may have begun before the key was published. */
  private loadAgain(): Promise<void> {
    this.next ??= (async () => {
      await this.loading?.catch(() => undefined);
      await sleep(this.host, this.attemptedAt + PAUSE_MS - this.host.monotonic());
      this.next = null;
      await this.load();
    })();
    return this.next;
  }

  private load(): Promise<void> {
    this.loading ??= this.read().finally(() => (this.loading = null));
    return this.loading;
  }

  private async read(): Promise<void> {
    this.attemptedAt = this.host.monotonic();
    this.cancelRefresh?.();
    try {
      await this.remote.reload();
      this.isLoaded = true;
    } catch (cause) {
      const error = new KeySetUnavailable('the key set cannot be read', { cause });
      this.onError(error);
      throw error;
    } finally {
      if (!this.isClosed)
        this.cancelRefresh = this.host.after(REFRESH_MS, () => void this.load().catch(() => undefined));
    }
  }
}

/** @returns the key of an HS256 token, among the secrets that bo-auth signs with */
export function secretKeys(secrets: readonly string[]): JWTVerifyGetKey {
  const keys = new Map(secrets.map((secret) => [keyId(secret), hmacKey(secret)]));
  return async ({ kid = '' }) => {
    const key = await keys.get(kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey('no secret has this key id');
    return key;
  };
}

/** The `kid` that bo-auth gives to a secret. It discloses nothing of it. */
function keyId(secret: string): string {
  return createHmac('sha256', secret).update('kid').digest('base64url').slice(0, 11);
}

function hmacKey(secret: string) {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return crypto.subtle.importKey('raw', new TextEncoder().encode(secret), algorithm, false, ['verify']);
}

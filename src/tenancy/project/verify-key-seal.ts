import { Inject, Injectable } from '@nestjs/common';
import { type Config, DEVELOPMENT_SECRETS } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { sealedUnder, SecretSeal } from '../../config/secret-seal.js';
import { errors } from '../../response/error/error-catalogue.js';

/** Before a sealed key. No key of a client begins like this: administration refuses it. */
export const SEALED_PREFIX = 'sealed:';

/**
 * Encrypts verify keys for the database, in the form of {@link SecretSeal}. Also reads keys in the clear: earlier
 * releases stored them so, and the demo projects, whose keys are published, still do.
 */
@Injectable()
export class VerifyKeySeal {
  /** Whether keys are sealed. Not under the development pepper: it is published, and production could not open them. */
  readonly seals: boolean;
  private readonly secrets: SecretSeal;

  constructor(@Inject(CONFIG) { peppers }: Pick<Config, 'peppers'>) {
    this.seals = !peppers.has(DEVELOPMENT_SECRETS.TOKEN_PEPPER);
    this.secrets = new SecretSeal(peppers, 'bo-auth verify key at rest, v1');
  }

  seal(ownerId: string, key: string): string {
    if (!this.seals) return key;
    return SEALED_PREFIX + this.secrets.seal(Buffer.from(key), [ownerId]);
  }

  /** @throws UNAVAILABLE if the pepper of the key is not configured or the text was changed */
  open(ownerId: string, stored: string): string {
    const key = this.tryOpen(ownerId, stored);
    if (key !== null) return key;
    throw errors.UNAVAILABLE({
      detail: `TOKEN_PEPPER does not open the verify key of ${ownerId}`,
      retryAfter: 5,
    });
  }

  /** @returns `null` if the pepper of the key is not configured or the text was changed */
  tryOpen(ownerId: string, stored: string): string | null {
    if (!stored.startsWith(SEALED_PREFIX)) return stored;
    return this.secrets.open(stored.slice(SEALED_PREFIX.length), [ownerId])?.toString() ?? null;
  }

  /** Whether it is sealed under a pepper that is no longer the current one. */
  isOutdated(stored: string): boolean {
    return stored.startsWith(SEALED_PREFIX) && this.secrets.isOutdated(stored.slice(SEALED_PREFIX.length));
  }
}

/** The pepper under which a key is sealed; `null` for a key in the clear. */
export function pepperOf(stored: string): string | null {
  return stored.startsWith(SEALED_PREFIX) ? sealedUnder(stored.slice(SEALED_PREFIX.length)) : null;
}

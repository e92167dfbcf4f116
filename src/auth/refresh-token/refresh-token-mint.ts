import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { errors } from '../../response/error/error-catalogue.js';
import {
  deriveFamilyKey,
  issueToken,
  newFamilyId,
  type ParsedRefreshToken,
  type TokenPosition,
  verifyMac,
} from './refresh-token.js';

/** The inputs of a token's MAC, besides its position. */
interface Family {
  readonly id: string;
  readonly ownerId: string;
  readonly secret: string;
  readonly pepperId: string;
}

const SECRET_BYTES = 32;

/** Issues and verifies refresh tokens. None is stored: a leaked database without the pepper yields no valid token. */
@Injectable()
export class RefreshTokenMint {
  /**
   * The derived keys. They never leave this process, because they can mint tokens. As Latin-1 text, since a Buffer each
   * would take 190 bytes more, a fifth of a cached session.
   */
  private readonly keys = new LRUCache<string, { secret: string; key: string }>({
    // Grows with its entries; with `max` it would allocate for all of them at the start.
    maxSize: 100_000,
    sizeCalculation: () => 1,
  });

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  newFamily(): Omit<Family, 'ownerId'> {
    return {
      id: newFamilyId(),
      secret: randomBytes(SECRET_BYTES).toString('base64url'),
      pepperId: this.config.peppers.current.id,
    };
  }

  issue(family: Family, position: TokenPosition): string {
    return issueToken(this.key(family), family.id, position);
  }

  verify(family: Family, token: ParsedRefreshToken): boolean {
    return verifyMac(this.key(family), token);
  }

  /** @throws UNAVAILABLE if this process lacks the family's pepper; another may have it, so the token stays valid */
  private key({ id, ownerId, secret, pepperId }: Family): Buffer {
    const known = this.keys.get(id);
    if (known?.secret === secret) return Buffer.from(known.key, 'latin1');
    const pepper = this.config.peppers.get(pepperId);
    if (pepper === undefined)
      throw errors.UNAVAILABLE({
        detail: `TOKEN_PEPPER has no pepper with the id ${pepperId}`,
        retryAfter: 5,
      });
    const key = deriveFamilyKey(pepper, Buffer.from(secret, 'base64url'), ownerId, id);
    this.keys.set(id, { secret, key: key.toString('latin1') });
    return key;
  }
}

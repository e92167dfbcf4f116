import { Inject, Injectable } from '@nestjs/common';
import { createHmac, hkdfSync } from 'node:crypto';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';

/** A nonce is accepted until the end of the period after its own, so for 5 to 10 minutes. */
const PERIOD_MS = 5 * 60_000;

/** `aging`: still accepted, and the client should get a newer one. */
export type NonceAge = 'current' | 'aging' | 'stale';

/**
 * The nonces that proofs must contain in projects that ask for them. None is stored: a nonce is an HMAC over project and
 * time, so that all processes accept each other's.
 *
 * @see RFC 9449 §8
 */
@Injectable()
export class DpopNonces {
  /** One for each pepper, the current one first: while a pepper is replaced, the other processes may use another. */
  private readonly keys: readonly Buffer[];

  constructor(@Inject(CONFIG) { peppers }: Config) {
    const ids = [peppers.current.id, ...peppers.toJSON().ids.filter((id) => id !== peppers.current.id)];
    this.keys = ids.map((id) =>
      Buffer.from(hkdfSync('sha256', peppers.get(id)!, '', 'bo-auth DPoP nonces', 32)),
    );
  }

  current(ownerId: string, now: number): string {
    return nonceOf(this.keys[0]!, ownerId, periodAt(now));
  }

  ageOf(ownerId: string, nonce: string, now: number): NonceAge {
    const isOf = (period: number) => this.keys.some((key) => nonceOf(key, ownerId, period) === nonce);
    const period = periodAt(now);
    // The next one: another process's clock may be ahead.
    if (isOf(period) || isOf(period + 1)) return 'current';
    return isOf(period - 1) ? 'aging' : 'stale';
  }
}

function periodAt(now: number): number {
  return Math.floor(now / PERIOD_MS);
}

function nonceOf(key: Buffer, ownerId: string, period: number): string {
  return createHmac('sha256', key).update(`${period} ${ownerId}`).digest('base64url');
}

import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { SecretSeal } from '../../config/secret-seal.js';

/** A cursor that is older is refused, so that one found in an old log or backup is not taken for a recent one. */
const LIFETIME_MS = 86_400_000;
const NUMBER_BYTES = 6;

/** What readers of the feed present to go on: the number of the last entry they have read, sealed for their project. */
@Injectable()
export class FeedCursors {
  private readonly seal: SecretSeal;

  constructor(@Inject(CONFIG) { peppers }: Config) {
    this.seal = new SecretSeal(peppers, 'bo-auth cursor of the revocation feed, v1');
  }

  write(ownerId: string, seq: number, now: number): string {
    const content = Buffer.alloc(2 * NUMBER_BYTES);
    content.writeUIntBE(seq, 0, NUMBER_BYTES);
    content.writeUIntBE(Math.trunc(now), NUMBER_BYTES, NUMBER_BYTES);
    return this.seal.seal(content, [ownerId]);
  }

  /** @returns the number, or `null` if the cursor is invented, another project's, or too old */
  read(ownerId: string, cursor: string, now: number): number | null {
    const content = this.seal.open(cursor, [ownerId]);
    if (content === null) return null;
    const writtenAt = content.readUIntBE(NUMBER_BYTES, NUMBER_BYTES);
    return now - writtenAt > LIFETIME_MS ? null : content.readUIntBE(0, NUMBER_BYTES);
  }
}

import { hash, verify } from '@node-rs/argon2';
import { Injectable, Logger } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import { isForeign, OWN_PARAMETERS } from './argon2-hash.js';
import { type HashFor, HashQueue } from './hash-queue.js';

/** Hashes and verifies passwords. */
@Injectable()
export class Passwords {
  private readonly logger = new Logger(Passwords.name);
  /** SQLite uses libuv's few threads too, so logins must never occupy all of them. */
  private readonly queue = new HashQueue(Math.min(2, availableParallelism()));
  private readonly ofNobody = hash('nobody has this password', OWN_PARAMETERS);

  hash(password: string, whom: HashFor): Promise<string> {
    return this.queue.run(whom, () => hash(password, OWN_PARAMETERS));
  }

  /**
   * @param passwordHash `null` for an unknown user: the same work is done, so that the response time does not disclose
   *   whether the user exists
   */
  async verify(passwordHash: string | null, password: string, whom: HashFor): Promise<boolean> {
    const matches = await this.queue.run(whom, async () =>
      verify(passwordHash ?? (await this.ofNobody), password).catch(async () => {
        // Imports refuse such a hash, but one could be restored or written by hand.
        this.logger.error(`a user of ${whom.ownerId} has a password hash that cannot be read`);
        await verify(await this.ofNobody, password);
        return false;
      }),
    );
    return matches && passwordHash !== null;
  }

  /** @returns a new hash of a password that was just verified, or `null` if the present one has our own parameters */
  async renew(passwordHash: string, password: string, whom: HashFor): Promise<string | null> {
    return isForeign(passwordHash) ? this.hash(password, whom) : null;
  }
}

import { hash } from '@node-rs/argon2';
import { Injectable, Logger } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import { ApiError } from '../../response/error/error-catalogue.js';
import { isForeign, OWN_DECOY, OWN_PARAMETERS } from './argon2-hash.js';
import { type HashFor, HashQueue } from './hash-queue.js';
import { decoyOf, formatOf } from './password-formats.js';
import type { PasswordDecoy } from '../../tenancy/project/project.entity.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { ownPassword, type StoredPassword } from './stored-password.js';

/** A user, as far as it matters for the password. */
export type PasswordHolder = StoredPassword & Pick<User, 'status'>;

const OWN: PasswordDecoy = { format: 'argon2id', hash: OWN_DECOY };

/** Hashes and verifies passwords. */
@Injectable()
export class Passwords {
  private readonly logger = new Logger(Passwords.name);
  /**
   * SQLite uses libuv's few threads too, so logins must never occupy all of them. They also leave a core to refreshes,
   * which a second hash on two cores slows down several times without more logins a second.
   */
  private readonly queue = new HashQueue(Math.max(1, Math.min(2, availableParallelism() - 1)));

  /** Whether it was logged already. */
  private decoyFailed = false;

  hash(password: string, whom: HashFor): Promise<string> {
    return this.queue.run(whom, () => hash(password, OWN_PARAMETERS));
  }

  /**
   * Verifies a password against the user's hash, and against a decoy for each other kind of hash in the project. Every
   * refusal thus takes the same work, and the response time discloses neither whether the user exists or is disabled nor
   * how the hash was made. Each comparison waits for its turn: other projects do not wait for all of them.
   *
   * @param user `null`: there is no such user
   * @param decoys those of the project
   */
  async verify(
    user: PasswordHolder | null,
    decoys: readonly PasswordDecoy[],
    password: string,
    whom: HashFor,
  ): Promise<boolean> {
    const verified = await this.queue.run(whom, async () => {
      if (user !== null) return this.verifyOwn(user, password, whom.ownerId);
      await this.matchesDecoy(OWN, password);
      return { matches: false, decoy: OWN };
    });
    if (verified?.matches === true && user?.status === 'active') return true;
    for (const decoy of [OWN, ...decoys])
      if (decoy.hash !== verified?.decoy.hash || decoy.format !== verified.decoy.format)
        await this.queue.goOn(whom, () => this.matchesDecoy(decoy, password));
    return verified?.matches === true;
  }

  /** Whether an argon2id hash is that of a password, for hashes that no login uses. */
  isHashOf(passwordHash: string, password: string, whom: HashFor): Promise<boolean> {
    const stored = ownPassword(passwordHash);
    return this.queue.run(whom, () => formatOf(stored).matches(stored, password));
  }

  /** @returns also the decoy that took as long; `null` if the hash cannot be read */
  private async verifyOwn(
    user: PasswordHolder,
    password: string,
    ownerId: string,
  ): Promise<{ matches: boolean; decoy: PasswordDecoy } | null> {
    try {
      return { matches: await formatOf(user).matches(user, password), decoy: decoyOf(user) };
    } catch (error) {
      if (error instanceof ApiError) throw error;
      // Imports refuse such a hash, but one could be restored or written by hand.
      this.logger.error(`a user of ${ownerId} has a password hash that cannot be read`);
      return null;
    }
  }

  /** A decoy that this machine cannot compute only saves time: the login is refused as any other. */
  private async matchesDecoy({ format, hash: passwordHash }: PasswordDecoy, password: string): Promise<void> {
    const stored = { ...ownPassword(passwordHash), passwordFormat: format };
    try {
      await formatOf(stored).matches(stored, password);
    } catch (error) {
      if (!this.decoyFailed) this.logger.error('a password decoy cannot be computed', error);
      this.decoyFailed = true;
    }
  }

  /** @returns a new hash of a password that was just verified, or `null` if the present one is one of our own */
  async renew(stored: StoredPassword, password: string, whom: HashFor): Promise<string | null> {
    return isForeign(stored.passwordHash) || stored.passwordFormat !== null
      ? this.hash(password, whom)
      : null;
  }
}

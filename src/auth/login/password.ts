import { hash, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { errors } from '../../response/error/error-catalogue.js';

/** argon2id, 19 MiB, two passes: the OWASP password storage cheat sheet's first choice. */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Beyond this many waiting logins, one more would only time out. */
const MAX_WAITING = 1_000;

/** Hashes and verifies passwords. */
@Injectable()
export class Passwords {
  /** libuv's few threads serve the database too: logins may never hold all of them. */
  private readonly limit = pLimit(Math.min(2, availableParallelism()));
  private readonly ofNobody = hash('nobody has this password', PARAMETERS);

  hash(password: string): Promise<string> {
    return this.limit(() => hash(password, PARAMETERS));
  }

  /**
   * @param passwordHash `null` where there is no such user: the same work is done, so that the answer's time does
   *   not tell which of the two was wrong
   */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    if (this.limit.pendingCount > MAX_WAITING)
      throw errors.UNAVAILABLE({ detail: 'too many logins are waiting', retryAfter: 1 });
    const matches = await this.limit(async () => verify(passwordHash ?? (await this.ofNobody), password));
    return matches && passwordHash !== null;
  }
}

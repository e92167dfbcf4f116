import { hash, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { errors } from '../../response/error/error-catalogue.js';

/** argon2id, 19 MiB, two passes: the OWASP password storage cheat sheet's first choice. */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** With this many waiting logins, another one would only time out. */
const MAX_WAITING = 1_000;

/** Hashes and verifies passwords. */
@Injectable()
export class Passwords {
  /** SQLite uses libuv's few threads too, so logins must never occupy all of them. */
  private readonly limit = pLimit(Math.min(2, availableParallelism()));
  private readonly ofNobody = hash('nobody has this password', PARAMETERS);

  hash(password: string): Promise<string> {
    return this.limit(() => hash(password, PARAMETERS));
  }

  /**
   * @param passwordHash `null` for an unknown user: the same work is done, so that the response time does not disclose
   *   whether the user exists
   */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    if (this.limit.pendingCount > MAX_WAITING)
      throw errors.UNAVAILABLE({ detail: 'too many logins are waiting', retryAfter: 1 });
    const matches = await this.limit(async () => verify(passwordHash ?? (await this.ofNobody), password));
    return matches && passwordHash !== null;
  }
}

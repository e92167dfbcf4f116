import { Injectable } from '@nestjs/common';
import { type Awaitable, andThen } from '../../awaitable.js';
import { RedisLink } from '../../cache/redis-link.js';
import { ReplayMemory, type ReplayVerdict } from './replay-memory.js';

/** Atomic: if two processes claim one GUID for different uses, only one succeeds. */
const CLAIM = `
  local held = redis.call('GET', KEYS[1])
  if held and held ~= ARGV[1] then return 0 end
  if not held or redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  end
  return held and 1 or 2`;

/** Atomic: a claim for another use, made after this one expired, stays. */
const RELEASE = `
  if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
  return 1`;

/**
 * Replay detection across processes: through Redis if it answers, otherwise by this process's memory alone.
 *
 * It favours availability: without Redis, a value that another process has seen is accepted here. A replay that this
 * process has seen is always refused, because Redis may have been flushed.
 */
@Injectable()
export class SharedReplays {
  constructor(
    private readonly own: ReplayMemory,
    private readonly link: RedisLink,
  ) {}

  /** Like {@link ReplayMemory.claim}. */
  claim(
    ownerId: string,
    guid: string,
    use: string,
    expiresAt: number,
    now: number,
  ): Awaitable<ReplayVerdict> {
    if (!this.link.isAnswering) return this.own.claim(ownerId, guid, use, expiresAt, now);
    // Check locally first and store locally last: a refused use must not be stored anywhere.
    if (this.own.check(ownerId, guid, use, now) === 'replay') return 'replay';
    const answer = this.link.ask((client) =>
      client.eval(CLAIM, {
        keys: [redisKey(ownerId, guid)],
        // Redis refuses fractions of a millisecond.
        arguments: [use, String(Math.max(1, Math.ceil(expiresAt - now + 1)))],
      }),
    );
    return andThen(answer, (claimed) => {
      if (claimed === 0) return 'replay';
      const own = this.own.claim(ownerId, guid, use, expiresAt, now);
      return own === 'first' && claimed === 1 ? 'retry' : own;
    });
  }

  /** Forgets a GUID if it is stored for this use, so that a different request can claim it. */
  release(ownerId: string, guid: string, use: string): Awaitable<unknown> {
    this.own.release(ownerId, guid, use);
    if (!this.link.isAnswering) return undefined;
    return this.link.ask((client) =>
      client.eval(RELEASE, { keys: [redisKey(ownerId, guid)], arguments: [use] }),
    );
  }
}

function redisKey(ownerId: string, guid: string): string {
  return `bo-auth:guid:${ownerId}/${guid}`;
}

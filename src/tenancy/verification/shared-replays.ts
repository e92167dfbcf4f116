import { Injectable } from '@nestjs/common';
import { type Awaitable, andThen } from '../../awaitable.js';
import { RedisLink } from '../../cache/redis-link.js';
import { ReplayMemory } from './replay-memory.js';

/** Atomic: if two processes claim one GUID for different uses, only one succeeds. */
const CLAIM = `
  local held = redis.call('GET', KEYS[1])
  if held and held ~= ARGV[1] then return 0 end
  if not held or redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  end
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

  /** Like {@link ReplayMemory.claim}. @returns `false` for a replay, `true` for a first use or a retry */
  claim(ownerId: string, guid: string, use: string, expiresAt: number, now: number): Awaitable<boolean> {
    const isFresh = () => this.own.claim(ownerId, guid, use, expiresAt, now) !== 'replay';
    if (!this.link.isAnswering) return isFresh();
    // Check locally first and store locally last: a refused use must not be stored anywhere.
    if (this.own.check(ownerId, guid, use, now) === 'replay') return false;
    const answer = this.link.ask((client) =>
      client.eval(CLAIM, {
        keys: [`bo-auth:guid:${ownerId}/${guid}`],
        arguments: [use, String(Math.max(1, expiresAt - now + 1))],
      }),
    );
    return andThen(answer, (claimed) => claimed !== 0 && isFresh());
  }
}

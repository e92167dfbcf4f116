import { Injectable } from '@nestjs/common';
import { type Awaitable, whenThere } from '../../awaitable.js';
import { RedisLink } from '../../cache/redis-link.js';
import { ReplayMemory } from './replay-memory.js';

/** Atomic: of two processes with one GUID for two uses, one comes second. */
const CLAIM = `
  local held = redis.call('GET', KEYS[1])
  if held and held ~= ARGV[1] then return 0 end
  if not held or redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  end
  return 1`;

/**
 * The memory of used GUIDs, shared by the processes through Redis where it answers, else each process's own.
 *
 * It fails towards availability: without Redis, a value that was used at another process is let through here. What
 * this process itself knows to be a replay is refused whatever Redis says, since Redis may have been emptied.
 */
@Injectable()
export class SharedReplays {
  constructor(
    private readonly own: ReplayMemory,
    private readonly link: RedisLink,
  ) {}

  /** As {@link ReplayMemory.claim}. @returns whether the use is the GUID's first or a repetition of it, and no other */
  claim(ownerId: string, guid: string, use: string, expiresAt: number, now: number): Awaitable<boolean> {
    const isFresh = () => this.own.claim(ownerId, guid, use, expiresAt, now) !== 'replay';
    if (!this.link.isAnswering) return isFresh();
    // Asked first and told last: a use that is refused must leave no trace here nor there.
    if (this.own.recall(ownerId, guid, use, now) === 'replay') return false;
    const answer = this.link.ask((client) =>
      client.eval(CLAIM, {
        keys: [`bo-auth:guid:${ownerId}/${guid}`],
        arguments: [use, String(Math.max(1, expiresAt - now + 1))],
      }),
    );
    return whenThere(answer, (claimed) => claimed !== 0 && isFresh());
  }
}

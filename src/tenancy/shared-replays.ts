import { Injectable } from '@nestjs/common';
import { RedisLink } from '../cache/redis-link.js';
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
  async claim(ownerId: string, guid: string, use: string, expiresAt: number, now: number): Promise<boolean> {
    if (this.link.isAnswering) {
      // Asked first and told last: a use that is refused must leave no trace here nor there.
      if (this.own.recall(ownerId, guid, use, now) === 'replay') return false;
      const answer = await this.link.ask((client) =>
        client.eval(CLAIM, {
          keys: [`bo-auth:guid:${ownerId}/${guid}`],
          arguments: [use, String(Math.max(1, expiresAt - now + 1))],
        }),
      );
      if (answer === 0) return false;
    }
    return this.own.claim(ownerId, guid, use, expiresAt, now) !== 'replay';
  }
}

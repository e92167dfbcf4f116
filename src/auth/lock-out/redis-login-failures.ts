import { Injectable } from '@nestjs/common';
import { RedisLink } from '../../cache/redis-link.js';
import type { RedisClient } from '../../cache/redis-connection.js';
import { StoreUnavailable } from '../../database/store-unavailable.js';
import { LoginFailures, MAX_RECORDS, type RecordKey, type StoredRecord } from './login-failures.js';

/** All records of a project by their expiry. No project id contains `/`. */
const allKey = (ownerId: string) => `bo-auth:login-failures:${ownerId}`;
const recordKey = ({ ownerId, nameHash }: RecordKey) => `${allKey(ownerId)}/${nameHash}`;
/** The locked users of a project, by the end of their locks. */
const lockedKey = (ownerId: string) => `bo-auth:login-locked:${ownerId}`;

/** KEYS: record, all, locked. ARGV: seen, next, now, expires at, maximum of records, user id, locked until. */
const REPLACE = `
  local held = redis.call('GET', KEYS[1])
  if (held or '') ~= ARGV[1] then return 0 end
  local now = tonumber(ARGV[3])
  if ARGV[6] ~= '' then
    if ARGV[7] == '' then redis.call('ZREM', KEYS[3], ARGV[6])
    else redis.call('ZADD', KEYS[3], ARGV[7], ARGV[6]) end
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
    redis.call('PEXPIRE', KEYS[3], 172800000)
  end
  if ARGV[2] == '' then
    redis.call('ZREM', KEYS[2], KEYS[1])
    redis.call('DEL', KEYS[1])
    return 1
  end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', math.max(1, tonumber(ARGV[4]) - now))
  redis.call('ZADD', KEYS[2], ARGV[4], KEYS[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  redis.call('PEXPIRE', KEYS[2], 172800000)
  local surplus = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[5])
  if surplus > 0 then
    local popped = redis.call('ZPOPMIN', KEYS[2], surplus)
    for i = 1, #popped, 2 do redis.call('DEL', popped[i]) end
  end
  return 1`;

/** Failed logins in Redis. Rejects with {@link StoreUnavailable} if it does not answer in time. */
@Injectable()
export class RedisLoginFailures extends LoginFailures {
  constructor(private readonly link: RedisLink) {
    super();
  }

  override find(key: RecordKey): Promise<string | null> {
    return this.ask((client) => client.get(recordKey(key)));
  }

  override async replace(
    key: RecordKey,
    seen: string | null,
    next: StoredRecord | null,
    now: number,
  ): Promise<boolean> {
    const replaced = await this.ask((client) =>
      client.eval(REPLACE, {
        keys: [recordKey(key), allKey(key.ownerId), lockedKey(key.ownerId)],
        arguments: [
          seen ?? '',
          next?.text ?? '',
          String(now),
          String(next?.expiresAt ?? now),
          String(MAX_RECORDS),
          next?.userId ?? '',
          String(next?.lockedUntil ?? ''),
        ],
      }),
    );
    return replaced === 1;
  }

  override lockedUsers(ownerId: string, now: number): Promise<string[]> {
    return this.ask((client) => client.zRangeByScore(lockedKey(ownerId), `(${now}`, '+inf'));
  }

  override async forget(key: RecordKey, userId: string): Promise<void> {
    await this.ask((client) =>
      Promise.all([
        client.del(recordKey(key)),
        client.zRem(allKey(key.ownerId), recordKey(key)),
        client.zRem(lockedKey(key.ownerId), userId),
      ]),
    );
  }

  private async ask<T>(question: (client: RedisClient) => Promise<T>): Promise<T> {
    const answer = await this.link.ask(question);
    if (answer === undefined) throw new StoreUnavailable('Redis did not answer');
    return answer;
  }
}

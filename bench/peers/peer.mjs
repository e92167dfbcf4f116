// @ts-check
/** What both peers need: their options and a Redis connection. */
import { createClient } from 'redis';
import { OPTIONS as FLOOR_OPTIONS } from '../floors/bare-answer.mjs';

const { 'verify-key': _verifyKey, 'no-verify': _noVerify, ...shared } = FLOOR_OPTIONS;

/** Command-line options of every peer. */
export const OPTIONS = /** @type {const} */ ({
  ...shared,
  redis: { type: 'string', default: 'redis://127.0.0.1:6379/15' },
});

/**
 * @param {string} url of a Redis database that belongs to this peer
 */
export async function emptyDatabase(url) {
  const redis = createClient({ url });
  await redis.connect();
  await redis.flushDb();
  return redis;
}

import { createClient } from 'redis';
import { BEAT, BEAT_KEY } from '../../cache/redis-connection.js';
import { CHANNEL } from '../../cache/redis-link.js';

export interface RedisAnswer {
  /** How long a question took, in ms. */
  readonly ms: number;
  /** Its clock, ms since the epoch. */
  readonly clock: number;
}

const PATIENCE_MS = 3_000;

/** Runs once what the service needs of Redis. @throws the error of the connection or of Redis */
export async function askRedis(url: string): Promise<RedisAnswer> {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: PATIENCE_MS, reconnectStrategy: false },
  });
  const failure = new Promise<never>((_, reject) => {
    client.on('error', reject);
  });
  failure.catch(() => undefined);
  try {
    await Promise.race([client.connect(), failure]);
    const began = performance.now();
    const clock = (await client.time()).getTime();
    const ms = Math.round(performance.now() - began);
    await client.eval(BEAT, { keys: [BEAT_KEY] });
    await client.publish(CHANNEL, '');
    return { ms, clock };
  } finally {
    if (client.isOpen) await client.disconnect().catch(() => undefined);
  }
}

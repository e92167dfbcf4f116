import { createClient } from 'redis';

export interface RedisAnswer {
  /** How long a question took, in ms. */
  readonly ms: number;
  /** Its clock, ms since the epoch. */
  readonly clock: number;
}

const PATIENCE_MS = 3_000;

/** Asks Redis for the time, once. @throws what the connection failed with */
export async function askRedis(url: string): Promise<RedisAnswer> {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: PATIENCE_MS, reconnectStrategy: false },
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const began = performance.now();
    const clock = (await client.time()).getTime();
    return { ms: Math.round(performance.now() - began), clock };
  } finally {
    if (client.isOpen) await client.disconnect().catch(() => undefined);
  }
}

import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { errors } from '../../response/error/error-catalogue.js';
import type { DigestName } from './digest-expression.js';

/** As text, because a thread does not inherit the loader that runs TypeScript in tests. */
const PROGRAM = `
  const { createHash } = require('node:crypto');
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ id, name, bytes, times }) => {
    let digest = bytes;
    for (let made = 0; made < times; made++) digest = createHash(name).update(digest).digest();
    parentPort.postMessage({ id, digest });
  });`;

/** Fewer take less time than the way to the thread and back. */
const FEW = 64;

interface Waiting {
  resolve(digest: Buffer): void;
  reject(error: Error): void;
}

/**
 * Digests bytes many times. Node has no asynchronous digest of short texts, and 100,000 digests would stop every other
 * request for a quarter of a second, so they are made in a thread, which starts with the first of them.
 */
export class DigestThread {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  async repeat(name: DigestName, bytes: Uint8Array, times: number): Promise<Buffer> {
    if (times <= FEW) {
      let digest = bytes;
      for (let made = 0; made < times; made++) digest = createHash(name).update(digest).digest();
      return Buffer.from(digest);
    }
    const worker = (this.worker ??= this.start());
    worker.ref();
    const id = ++this.lastId;
    return new Promise<Buffer>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      // A copy: a Buffer may be a part of a larger one, which would be copied whole.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      worker.postMessage({ id, name, bytes: new Uint8Array(bytes), times });
    });
  }

  private start(): Worker {
    const worker = new Worker(PROGRAM, { eval: true });
    worker.on('message', ({ id, digest }: { id: number; digest: Uint8Array }) => {
      this.waiting.get(id)?.resolve(Buffer.from(digest));
      this.waiting.delete(id);
      // A process with nothing else left to do may exit.
      if (this.waiting.size === 0) worker.unref();
    });
    worker.on('error', (error) => {
      this.worker = null;
      for (const waiting of this.waiting.values())
        waiting.reject(
          errors.UNAVAILABLE({ detail: 'the thread that makes digests failed', cause: error, retryAfter: 1 }),
        );
      this.waiting.clear();
    });
    return worker;
  }
}

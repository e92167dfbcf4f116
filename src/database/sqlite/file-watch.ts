import { Logger } from '@nestjs/common';
import { stat, statfs } from 'node:fs/promises';
import { StoreUnavailable } from '../store-unavailable.js';

/** How often the file is checked while requests write, in ms. */
const LOOK_MS = 250;
const ROOM_BYTES = 1024 * 1024;

/**
 * Notices that the database file was deleted or replaced. SQLite continues to write to the old file, which nobody can
 * open any more, so everything that it acknowledges would be lost.
 */
export class FileWatch {
  private readonly logger = new Logger(FileWatch.name);
  private lookedAt = performance.now();
  private isLost = false;

  private constructor(
    private readonly file: string,
    private readonly identity: string,
  ) {}

  /** Call this before the file is opened for requests. */
  static async of(file: string): Promise<FileWatch> {
    return new FileWatch(file, (await identityOf(file)) ?? '');
  }

  /** @returns `null` if there is nothing to await, because the file was there a moment ago */
  recently(): Promise<void> | null {
    return !this.isLost && performance.now() - this.lookedAt < LOOK_MS ? null : this.look();
  }

  /** Whether the disk has room for more than a few commits. */
  async hasRoom(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.file);
    return bavail * bsize >= ROOM_BYTES;
  }

  /** @throws {StoreUnavailable} if the path no longer leads to the file that is open */
  async look(): Promise<void> {
    const isLost = (await identityOf(this.file)) !== this.identity;
    this.lookedAt = performance.now();
    if (isLost && !this.isLost)
      this.logger.error(
        'DATABASE_URL: the database file was deleted or replaced while it is in use: restart the service',
      );
    this.isLost = isLost;
    if (isLost) throw new StoreUnavailable('the database file was deleted or replaced');
  }
}

/** Device and inode; `null` if the file cannot be found. */
async function identityOf(file: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

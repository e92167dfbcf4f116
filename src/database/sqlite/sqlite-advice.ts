import type { Advice } from '../advice.js';

const DISK: Readonly<Record<string, Advice>> = {
  SQLITE_CANTOPEN: {
    says: 'cannot be opened (SQLITE_CANTOPEN)',
    todo: 'it must be a file, in a folder that this user may write to',
  },
  SQLITE_READONLY: {
    says: 'cannot be written (SQLITE_READONLY)',
    todo: 'let this user write to the file and its folder',
  },
  SQLITE_NOTADB: {
    says: 'is no SQLite database (SQLITE_NOTADB)',
    todo: 'name another file, or restore this one from a backup',
  },
  SQLITE_CORRUPT: {
    says: 'is damaged (SQLITE_CORRUPT)',
    todo: 'stop the service and restore the file from a backup',
  },
  SQLITE_FULL: { says: 'finds its disk full (SQLITE_FULL)', todo: 'make room on the disk' },
  SQLITE_IOERR: {
    says: 'cannot be read or written (SQLITE_IOERR)',
    todo: 'check the disk, its free space and the permissions of the folder',
  },
  SQLITE_BUSY: {
    says: 'is locked by another process (SQLITE_BUSY)',
    todo: 'end the process that holds the lock, or try again later',
  },
};

/**
 * @param code of SQLite or Node
 * @param syscall of Node
 * @returns `null` for an error that says nothing about the file
 */
export function sqliteAdvice(code: string, syscall: string): Advice | null {
  if (syscall === 'mkdir' || syscall === 'mkdtemp')
    return {
      says: `has no folder, and it cannot be made (${code})`,
      todo: 'create the folder and let this user write to it',
    };
  return DISK[code] ?? null;
}

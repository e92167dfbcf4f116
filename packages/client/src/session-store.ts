import { type Ended, isOutdated, type Session, type TokenUser } from './session.js';

/** The storage port: `localStorage`, or something like it that all tabs share. */
export interface Storage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What happened to the session, in this tab or in another. */
export type Change =
  | { readonly type: 'signed-in' | 'refreshed'; readonly user: TokenUser }
  | {
      readonly type: 'signed-out';
      readonly user: null;
      /** `SESSION_LOGGED_OUT`, another error code of the service, or `null` if the storage was cleared. */
      readonly reason: string | null;
    };

export type SessionStore = ReturnType<typeof sessionStore>;

/**
 * The session that all tabs share. What is stored decides, with two exceptions: an older token never replaces a newer
 * one of the same session (browsers show a tab the writes of another with a delay), and where nothing can be stored,
 * this tab's memory is used.
 */
export function sessionStore(storage: Storage | null, key: string, changed: (change: Change) => void) {
  /** The stored text that `held` comes from; `undefined` before the first look. */
  let seen: string | null | undefined;
  let held: Session | Ended | null = null;

  const signedIn = () => (held && !('ended' in held) ? held : null);

  function hold(next: Session | Ended | null): void {
    const before = signedIn();
    held = next;
    const after = signedIn();
    if (after) {
      if (before?.accessToken !== after.accessToken)
        changed({ type: before?.id === after.id ? 'refreshed' : 'signed-in', user: after.user });
    } else if (before) changed({ type: 'signed-out', user: null, reason: (next as Ended).ended });
  }

  function write(next: Session | Ended): void {
    try {
      const text = JSON.stringify(next);
      storage?.setItem(key, text);
      seen = text;
    } catch {
      // The storage is full or blocked. `seen` keeps naming what it holds, so the newer `held` stays in use.
    }
    hold(next);
  }

  /** The session as stored now. */
  function read(): Session | null {
    let text = seen ?? null;
    try {
      if (storage) text = storage.getItem(key) || null;
    } catch {
      // blocked
    }
    if (text !== seen) {
      seen = text;
      const next = parse(text);
      if (next && held && isOutdated(next, held)) write(held);
      // remembered, in case another tab has not yet seen that the storage was cleared, and stores an answer
      else hold(next ?? (held && { id: held.id, ended: null }));
    }
    return signedIn();
  }

  return {
    read,

    /** Stores a session, unless this one has ended or a newer token of it is stored. */
    save(session: Session): void {
      read();
      if (!held || !isOutdated(session, held)) write(session);
    },

    /** Stores that the session has ended, if it is still the stored one. */
    end(id: number, reason: string): void {
      if (read()?.id === id) write({ id, ended: reason });
    },
  };
}

function parse(text: string | null): Session | Ended | null {
  try {
    return JSON.parse(text ?? 'null') as Session | Ended | null;
  } catch {
    return null;
  }
}

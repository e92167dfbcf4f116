import type { Storage } from './session-store.js';

/**
 * What the client uses of its surroundings. All of it is optional: a mini-program has no `document`, a page over plain
 * http no `locks`, a server nothing.
 */
export interface Host {
  readonly localStorage?: Storage;
  readonly location?: { readonly href: string };
  readonly document?: EventSource & { readonly visibilityState: string };
  readonly navigator?: { readonly locks?: Locks };
  readonly addEventListener?: EventSource['addEventListener'];
  readonly fetch?: typeof fetch;
}

interface EventSource {
  addEventListener(type: string, listener: (event: { readonly key?: string | null }) => void): void;
}

/** The Web Locks API. */
interface Locks {
  request<T>(name: string, options: { signal: AbortSignal }, granted: () => Promise<T>): Promise<T>;
}

/** The storage of the page, or `null`: a browser that blocks it throws when it is named. */
export function pageStorage(host: Host): Storage | null {
  try {
    return host.localStorage ?? null;
  } catch {
    return null;
  }
}

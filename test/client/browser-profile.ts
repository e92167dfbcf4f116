import {
  type Change,
  createLoginAuth,
  type LoginAuth,
  type LoginAuthOptions,
} from '../../packages/client/src/index.js';
import { desVerify } from '../../packages/client/src/verify/des.js';
import { VERIFY_KEYS } from '../support/app.js';
import { type Network, SERVICE } from './network.js';

type Listener = (event: { key?: string | null }) => void;

/** A tab of a {@link BrowserProfile}, with the client running in it. */
export interface Tab {
  readonly auth: LoginAuth;
  readonly changes: Change[];
  /** What the tab was told, as words: `signed-in alice`, `signed-out SESSION_REPLACED`. */
  told(): string[];
  /** Fires an event of the page. */
  fire(type: 'storage' | 'visibilitychange' | 'online', key?: string | null): void;
  visibilityState: string;
}

/** What the tabs of one browser share: the storage, whose changes are reported to the other tabs, and the locks. */
export class BrowserProfile {
  readonly tabs: Tab[] = [];
  readonly items = new Map<string, string>();
  /** Makes `setItem` throw, as a full storage does. */
  isFull = false;
  hasLocks = true;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly network: Network) {}

  open(options: Partial<LoginAuthOptions> = {}, owner = 'acme'): Tab {
    const listeners = new Map<string, Listener[]>();
    const on = (type: string, listener: Listener) => {
      listeners.set(type, [...(listeners.get(type) ?? []), listener]);
    };
    const sharedLocks = () => (this.hasLocks ? this.locks : undefined);
    const changes: Change[] = [];
    const tab: Tab = {
      changes,
      told: () =>
        changes.map(
          (change) => `${change.type} ${change.user?.userId ?? String('reason' in change && change.reason)}`,
        ),
      fire: (type, key = null) => listeners.get(type)?.forEach((listener) => listener({ key })),
      visibilityState: 'visible',
      auth: createLoginAuth(
        {
          baseUrl: SERVICE,
          ownerId: owner,
          verify: desVerify(VERIFY_KEYS[owner] ?? ''),
          timeoutMs: 500,
          ...options,
        },
        {
          localStorage: {
            getItem: (key) => this.items.get(key) ?? null,
            setItem: (key, value) => {
              if (this.isFull) throw new Error('QuotaExceededError');
              this.items.set(key, value);
              this.notify(tab, key);
            },
          },
          location: { href: 'http://page.test/' },
          document: {
            addEventListener: on,
            get visibilityState() {
              return tab.visibilityState;
            },
          },
          addEventListener: on,
          fetch: this.network.fetch,
          navigator: {
            get locks() {
              return sharedLocks();
            },
          },
        },
      ),
    };
    tab.auth.onChange((change) => changes.push(change));
    this.tabs.push(tab);
    return tab;
  }

  /** Empties the storage, as the user or a script of the page does. */
  clear(): void {
    this.items.clear();
    this.notify(null, null);
  }

  private notify(writer: Tab | null, key: string | null): void {
    setImmediate(() => {
      for (const tab of this.tabs) if (tab !== writer) tab.fire('storage', key);
    });
  }

  private readonly locks = {
    request: <T>(
      _name: string,
      { signal }: { signal: AbortSignal },
      granted: () => Promise<T>,
    ): Promise<T> => {
      const before = this.queue;
      const run = new Promise<T>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('AbortError')));
        void before.then(() => (signal.aborted ? undefined : granted().then(resolve, reject)));
      });
      this.queue = run.catch(() => undefined);
      return run;
    },
  };
}

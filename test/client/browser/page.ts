import { createLoginAuth } from '../../../packages/client/src/index.js';
import { dpopKey } from '../../../packages/client/src/dpop.js';
import { desVerify } from '../../../packages/client/src/verify/des.js';
import { flagAndQueue } from './flag-and-queue.js';

/** What a tab tells the check. */
export type Report =
  | { readonly kind: 'change'; readonly type: string; readonly reason?: string | null }
  | { readonly kind: 'asked'; readonly request: number }
  | { readonly kind: 'answered'; readonly request: number; readonly outcome: string };

/** What the check tells a tab. */
export interface PageDriver {
  login(): Promise<unknown>;
  logout(): Promise<unknown>;
  clear(): void;
  stop(): void;
  setClock(offset: number): void;
}

const page = globalThis as unknown as {
  report(report: Report): Promise<void>;
  localStorage: { clear(): void };
  location: { search: string };
  driver: PageDriver;
};
const query = new URLSearchParams(page.location.search);
const options = { baseUrl: '/bo/api/v3', ownerId: 'acme', verify: desVerify('acme-key') };
const algorithm = query.get('algorithm');
const auth =
  algorithm === 'control'
    ? flagAndQueue(options)
    : createLoginAuth({ ...options, ...(algorithm === 'dpop' && { dpop: dpopKey() }) });

const realNow = Date.now;
let offset = 0;
Date.now = () => realNow() + offset;

auth.onChange((change) => {
  void page.report({ kind: 'change', ...change });
});

let requests = 0;
let pending = 0;
async function ask(): Promise<void> {
  if (auth.user === null || pending >= 5) return;
  pending++;
  const request = ++requests;
  void page.report({ kind: 'asked', request });
  const headers = { 'X-Tab': `${query.get('tab')} ${request}` };
  const signal = AbortSignal.timeout(10_000);
  const outcome = await auth.fetch('/bo/api/v3/auth/user', { headers, signal }).then(
    ({ status }) => String(status),
    (error: { code?: string | number; name: string }) => `${error.code ?? error.name}`,
  );
  pending--;
  void page.report({ kind: 'answered', request, outcome });
}
const asking = setInterval(() => void ask(), Number(query.get('every')));

page.driver = {
  login: () => auth.login({ userName: 'alice', password: 'alice-password' }),
  logout: () => auth.logout(),
  clear: () => {
    page.localStorage.clear();
    // A tab is not told of what it stores itself: it learns of it when it next looks.
    void auth.user;
  },
  stop: () => clearInterval(asking),
  setClock: (ms) => {
    offset = ms;
  },
};

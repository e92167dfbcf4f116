import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { eventually } from '../../support/temporary.js';
import type { PageDriver, Report } from './page.js';

/** `dpop`: the client, with sessions that are bound to a key in IndexedDB. */
export type Algorithm = 'client' | 'dpop' | 'control';

/** One tab of the browser. */
export interface BrowserTab {
  readonly number: number;
  readonly page: Page;
  readonly devtools: CDPSession;
  isFrozen: boolean;
  isSignedIn: boolean;
  /** When it last reported a sign-out. */
  signedOutAt: number;
  /** The requests under way: their number and when they began. */
  readonly pending: Map<number, number>;
}

type Told = (tab: BrowserTab, report: Report, at: number) => void;

/** A fresh profile of a real browser, with tabs that run one algorithm. */
export class Profile {
  readonly tabs: BrowserTab[] = [];

  private constructor(
    private readonly context: BrowserContext,
    private readonly url: string,
    private readonly algorithm: Algorithm,
  ) {}

  static async open(browser: Browser, url: string, algorithm: Algorithm, told: Told): Promise<Profile> {
    const context = await browser.newContext();
    const profile = new Profile(context, url, algorithm);
    await context.exposeBinding('report', ({ page }, report: Report) => {
      const tab = profile.tabs.find((each) => each.page === page);
      if (tab) told(tab, report, performance.now());
    });
    return profile;
  }

  async openTab(everyMs: number): Promise<BrowserTab> {
    const page = await this.context.newPage();
    const tab: BrowserTab = {
      number: this.tabs.length,
      page,
      devtools: await this.context.newCDPSession(page),
      isFrozen: false,
      isSignedIn: false,
      signedOutAt: 0,
      pending: new Map(),
    };
    this.tabs.push(tab);
    const query = new URLSearchParams({
      algorithm: this.algorithm,
      tab: String(tab.number),
      every: String(everyMs),
    });
    await page.goto(`${this.url}/?${query.toString()}`);
    return tab;
  }

  /** Signs in, as often as it takes. */
  async signIn(tab: BrowserTab): Promise<void> {
    await eventually(
      'signed in',
      () =>
        this.drive(tab, 'login').then(
          () => true,
          () => false,
        ),
      60_000,
    );
  }

  drive<Name extends keyof PageDriver>(tab: BrowserTab, name: Name, argument?: number): Promise<unknown> {
    return tab.page.evaluate(
      ([call, value]) => {
        const { driver } = globalThis as unknown as { driver: Record<string, (value: unknown) => unknown> };
        return driver[call as string]?.(value) as Promise<unknown>;
      },
      [name, argument] as const,
    );
  }

  async freeze(tab: BrowserTab, isFrozen: boolean): Promise<void> {
    if (isFrozen) tab.isFrozen = true;
    // `Page.setWebLifecycleState` has no effect on a headless page. A paused debugger stops its scripts just as well.
    if (isFrozen) await tab.devtools.send('Debugger.enable');
    await tab.devtools.send(isFrozen ? 'Debugger.pause' : 'Debugger.disable');
    tab.isFrozen = isFrozen;
  }

  throttle(tab: BrowserTab, rate: number): Promise<unknown> {
    return tab.devtools.send('Emulation.setCPUThrottlingRate', { rate });
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

import type { Browser } from 'playwright-core';
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomSource } from '../../history/random-source.js';
import type { Backend, Lifetimes } from './backend.js';
import { FaultProxy, type Use } from './fault-proxy.js';
import { type Algorithm, type BrowserTab, Profile } from './profile.js';

export interface CheckOptions extends Lifetimes {
  readonly algorithm: Algorithm;
  readonly tabs: number;
  /** How long without faults, and then with. */
  readonly calmSeconds: number;
  readonly faultSeconds: number;
  /** How often each tab sends a request. */
  readonly everyMs: number;
  readonly seed: number;
}

export interface CheckResult {
  readonly algorithm: Algorithm;
  readonly requests: number;
  readonly refreshes: number;
  readonly boundUses: number;
  /** Without faults: refreshes, and how often the access token expired. */
  readonly calm: { readonly refreshes: number; readonly expiries: number };
  readonly faults: Readonly<Record<string, number>>;
  /** How the requests ended. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

const REFRESHES_PER_EXPIRY = 1.2;
const LOGOUT_WITHIN_MS = 1000;
const STALE_AFTER_MS = 2000;
/** Two attempts of a refresh and of a request, 10 s each, the waits between, and a margin for a busy machine. */
const SETTLED_WITHIN_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Drives the tabs of one browser profile through faults, and judges what was seen. */
export async function checkInBrowser(
  browser: Browser,
  backend: Backend,
  options: CheckOptions,
): Promise<CheckResult> {
  const run = new Check(browser, backend, options);
  return run.run();
}

class Check {
  private readonly random: RandomSource;
  private readonly proxy: FaultProxy;
  private readonly violations: string[] = [];
  private readonly outcomes: Record<string, number> = {};
  private readonly began = performance.now();
  private profile!: Profile;
  private requests = 0;
  /** When each request began: the browser may send it later, over one of its six connections. */
  private readonly askedAt = new Map<string, number>();
  /** When the user last signed out or cleared the storage, until the next login. */
  private endedAt: number | null = null;

  constructor(
    private readonly browser: Browser,
    private readonly backend: Backend,
    private readonly options: CheckOptions,
  ) {
    this.random = new RandomSource(options.seed);
    this.proxy = new FaultProxy(backend.port, this.random.fork());
  }

  async run(): Promise<CheckResult> {
    const { algorithm, calmSeconds, faultSeconds, tabs, everyMs } = this.options;
    const url = await this.proxy.listen();
    this.profile = await Profile.open(this.browser, url, algorithm, (tab, report, at) =>
      this.hear(tab, report, at),
    );
    try {
      await this.profile.signIn(await this.profile.openTab(everyMs));
      for (let more = 1; more < tabs; more++) await this.profile.openTab(everyMs);
      const before = this.proxy.refreshes;
      await sleep(calmSeconds * 1000);
      const calm = {
        refreshes: this.proxy.refreshes - before,
        // The times in an access token are whole seconds, so it lives up to a second less. The first expires at once.
        expiries: 1 + Math.floor(calmSeconds / (this.options.accessSeconds - 1)),
      };
      if (calm.refreshes > REFRESHES_PER_EXPIRY * calm.expiries)
        this.violate(`${calm.refreshes} refreshes for ${calm.expiries} expiries`);
      await this.strikeFor(faultSeconds * 1000);
      await this.settle();
      this.judgeUses();
      const { refreshes, boundUses, struck: faults } = this.proxy;
      const { requests, outcomes, violations } = this;
      return { algorithm, requests, refreshes, boundUses, calm, faults, outcomes, violations };
    } finally {
      await this.profile.close();
      this.proxy.close();
    }
  }

  private violate(what: string): void {
    this.violations.push(`${((performance.now() - this.began) / 1000).toFixed(1)} s: ${what}`);
  }

  private hear(tab: BrowserTab, report: Parameters<Parameters<typeof Profile.open>[3]>[1], at: number): void {
    if (report.kind === 'asked') {
      this.requests++;
      tab.pending.set(report.request, at);
      this.askedAt.set(`${tab.number} ${report.request}`, at);
    } else if (report.kind === 'answered') {
      tab.pending.delete(report.request);
      this.outcomes[report.outcome] = (this.outcomes[report.outcome] ?? 0) + 1;
    } else if (report.type === 'signed-out') {
      tab.isSignedIn = false;
      tab.signedOutAt = at;
      if (this.endedAt === null) this.violate(`tab ${tab.number} was signed out: ${report.reason}`);
    } else tab.isSignedIn = true;
  }

  // --- faults -----------------------------------------------------------------------------------------------

  private async strikeFor(durationMs: number): Promise<void> {
    const until = performance.now() + durationMs;
    this.proxy.hasFaults = true;
    const strikes: [string, () => Promise<unknown>][] = [
      ['tab frozen', () => this.freezeSome()],
      ['tab throttled', () => this.throttleOne()],
      ['clock set wrong', () => this.setClock()],
      ['storage cleared', () => this.end('clear')],
      ['logged out', () => this.end('logout')],
      ...(this.backend.crash
        ? [['server killed', () => this.backend.crash!()] as [string, () => Promise<void>]]
        : []),
    ];
    for (let turn = 0; performance.now() < until || turn < strikes.length; turn++) {
      // in turn, so that a short run has each of them once
      const [name, strike] = strikes[turn % strikes.length]!;
      await strike();
      this.proxy.count(name);
      await this.signInAgain();
      await sleep(this.random.between(100, 500));
    }
    this.proxy.hasFaults = false;
  }

  private awake(): BrowserTab {
    return this.random.pick(this.profile.tabs.filter(({ isFrozen }) => !isFrozen));
  }

  /** Sometimes for longer than the grace window. */
  private async freezeSome(): Promise<void> {
    const [, ...others] = this.profile.tabs;
    const tabs = others.filter(() => this.random.chance(0.4));
    const seconds = this.random.between(0.5, this.random.chance(0.3) ? this.options.graceSeconds + 4 : 3);
    await Promise.all(tabs.map((tab) => this.profile.freeze(tab, true)));
    await sleep(Math.min(seconds, this.options.faultSeconds / 4) * 1000);
    await Promise.all(tabs.map((tab) => this.profile.freeze(tab, false)));
  }

  private async throttleOne(): Promise<void> {
    const tab = this.awake();
    await this.profile.throttle(tab, 6);
    await sleep(this.random.between(500, 2000));
    await this.profile.throttle(tab, 1);
  }

  private setClock(): Promise<unknown> {
    return this.profile.drive(this.awake(), 'setClock', this.random.pick([HOUR_MS, -HOUR_MS, 0]));
  }

  /** Ends the session in one tab; all must know within a second. */
  private async end(how: 'logout' | 'clear'): Promise<void> {
    const tab = this.awake();
    this.endedAt = performance.now();
    await this.profile.drive(tab, how);
    const late = () => this.profile.tabs.filter((each) => !each.isFrozen && each.isSignedIn);
    while (late().length > 0 && performance.now() < this.endedAt + LOGOUT_WITHIN_MS) await sleep(20);
    const numbers = late().map(({ number }) => number);
    if (numbers.length === 0) return;
    this.violate(`tabs ${numbers.join()} did not learn of a ${how} within 1 s`);
  }

  private async signInAgain(): Promise<void> {
    if (this.options.algorithm !== 'control' && this.endedAt === null && this.profile.tabs[0]!.isSignedIn)
      return;
    const signedOut = this.profile.tabs.filter(({ isSignedIn }) => !isSignedIn);
    // The usual front end knows of a login when a page loads: each of its tabs signs in by itself.
    const [first] = signedOut;
    for (const tab of this.options.algorithm === 'control' ? signedOut : first ? [first] : []) {
      // The control cannot sign in with a wrong clock.
      if (this.options.algorithm === 'control') await this.profile.drive(tab, 'setClock', 0);
      await this.profile.signIn(tab);
    }
    this.endedAt = null;
  }

  // --- what was seen ----------------------------------------------------------------------------------------

  /** Waits for the requests under way, unless it is clear already that the control fails. */
  private async settle(): Promise<void> {
    if (this.options.algorithm === 'control' && this.violations.length > 0) return;
    await Promise.all(this.profile.tabs.map((tab) => this.profile.drive(tab, 'stop')));
    const pending = () => this.profile.tabs.flatMap(({ pending }) => [...pending.values()]);
    const until = performance.now() + SETTLED_WITHIN_MS;
    while (pending().length > 0 && performance.now() < until) await sleep(50);
    const hanging = pending().length;
    if (hanging > 0) this.violate(`${hanging} requests hang`);
  }

  /** No tab uses an older token for long after another tab used a newer one. */
  private judgeUses(): void {
    const newest = new Map<number, Use[]>();
    for (const use of this.proxy.uses) {
      const uses = newest.get(use.session) ?? [];
      const askedAt = this.askedAt.get(`${use.tab} ${use.request}`) ?? use.at;
      const newer = uses.find(
        ({ seq, at, tab }) => tab !== use.tab && seq > use.seq && at < askedAt - STALE_AFTER_MS,
      );
      if (newer)
        this.violate(`tab ${use.tab} used token ${use.seq} after tab ${newer.tab} had used ${newer.seq}`);
      if (!uses.some(({ seq, tab }) => seq >= use.seq && tab === use.tab)) uses.push(use);
      newest.set(use.session, uses);
    }
  }
}

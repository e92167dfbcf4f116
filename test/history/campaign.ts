import { setTimeout as sleep } from 'node:timers/promises';
import { check, type Verdict } from './check.js';
import type { Rules } from './violation.js';
import { HonestClient, type Account, type Weather } from './client-chain.js';
import { plague, type Fault, type Strike } from './nemesis.js';
import { ProofKey } from './proof-key.js';
import { RandomSource } from './random-source.js';
import { Recorder, type Operation } from './recorder.js';
import type { Cluster } from './servers.js';
import { TokenApi, type ProjectAccess } from './token-api.js';

/** The accounts of the chains. The projects' rules must match the servers' configuration. */
export interface Terrain {
  readonly rules: Rules;
  /** Honest chains; some are revoked during the run. The grace window is longer than any outage. */
  readonly honest: readonly Account[];
  /** Chains whose token is copied and used late. The grace window is much shorter than the run. */
  readonly stolen: readonly Account[];
  /** Projects for requests under the wrong project; for every chain, at least one is not its own. */
  readonly foreign: readonly ProjectAccess[];
}

export interface CampaignOptions {
  readonly chains: number;
  /** Length of the run, in answers or in seconds. */
  readonly length: { readonly answers: number } | { readonly seconds: number };
  readonly faults: readonly Fault[];
  readonly faultCount: number;
  readonly seed: number;
  readonly weather?: Partial<Weather>;
  /** Whether a chain binds its sessions to a key. Default: none does. */
  readonly isBound?: (chain: number) => boolean;
  /** Mean pause of a tab between two rounds, in ms. */
  readonly thinkMs?: number;
  /** Time limit for each chain to refresh successfully after the last fault. */
  readonly recoversWithinMs?: number;
}

export interface CampaignReport {
  readonly verdict: Verdict;
  readonly history: readonly Operation[];
  readonly chains: number;
  readonly struck: readonly Strike[];
  readonly seconds: number;
}

const CALM: Weather = { dropShare: 0.04, dropWithinMs: 25, duplicateShare: 0.25, echoShare: 0.2 };

/** Drives every chain against the cluster while faults occur, and checks the recorded history. */
export async function runCampaign(
  cluster: Cluster,
  terrain: Terrain,
  options: CampaignOptions,
): Promise<CampaignReport> {
  const recorder = new Recorder();
  const api = new TokenApi(cluster, recorder);
  const random = new RandomSource(options.seed);
  const clock = new RunClock(options.length, recorder);
  // Clients continue until the last fault is over: a fault without requests tests nothing.
  let plagued = false;
  const campaign = new Campaign(terrain, options, clock, () => plagued);
  const nemesis = random.fork();
  const clients = Array.from({ length: options.chains }, (_, chain) => {
    const account = campaign.accountOf(chain);
    const weather = { ...CALM, ...options.weather };
    const key = options.isBound?.(chain) ? new ProofKey() : undefined;
    return new HonestClient(chain, account, api, cluster, random.fork(), weather, key);
  });
  try {
    // logins are slow (password hash), so start the run after all of them
    await Promise.all(clients.map((client) => client.login(() => true)));
    const began = performance.now();
    clock.start();
    const plaguing = plague(
      cluster,
      options.faults,
      options.faultCount,
      nemesis,
      () => clock.progress(),
      () => recorder.now(),
    ).finally(() => (plagued = true));
    await Promise.all(clients.map((client) => campaign.live(client)));
    // if every chain has ended early, skip the remaining faults
    clock.end();
    const struck = await plaguing;
    await Promise.all(clients.map((client) => campaign.finish(client)));
    const verdict = check(recorder.operations, terrain.rules);
    const seconds = (performance.now() - began) / 1000;
    return { verdict, history: recorder.operations, chains: options.chains, struck, seconds };
  } finally {
    api.close();
  }
}

/** Progress of a run, 0 to 1, by answers or by time. */
class RunClock {
  private began = performance.now();
  private before = 0;
  private over = false;

  constructor(
    private readonly length: CampaignOptions['length'],
    private readonly recorder: Recorder,
  ) {}

  start(): void {
    this.began = performance.now();
    this.before = this.recorder.answers;
  }

  end(): void {
    this.over = true;
  }

  progress(): number {
    if (this.over) return 1;
    const { length } = this;
    if ('seconds' in length) return (performance.now() - this.began) / (length.seconds * 1000);
    return (this.recorder.answers - this.before) / length.answers;
  }
}

class Campaign {
  constructor(
    private readonly terrain: Terrain,
    private readonly options: CampaignOptions,
    private readonly clock: RunClock,
    private readonly isPlagued: () => boolean,
  ) {}

  private progress(): number {
    return Math.min(this.clock.progress(), this.isPlagued() ? 1 : 0.99);
  }

  /** One chain in six is stolen; the others use the honest accounts in turn. */
  accountOf(chain: number): Account {
    const { stolen, honest } = this.terrain;
    const list = chain % 6 === 5 && stolen.length > 0 ? stolen : honest;
    const account = list[Math.floor(chain / (list === stolen ? 6 : 1)) % list.length];
    if (account === undefined) throw new RangeError('no account');
    return account;
  }

  /** Successive sessions of one client: after a logout it may log in again. */
  async live(client: HonestClient): Promise<void> {
    do {
      await this.liveOnce(client);
      if (this.progress() > 0.9 || client.random.chance(0.4)) return;
    } while (await client.login(() => this.progress() < 1));
  }

  private async liveOnce(client: HonestClient): Promise<void> {
    const { random } = client;
    if (this.terrain.stolen.includes(client.account)) return this.beStolen(client);
    const tabs = random.chance(0.4) ? 2 : 1;
    const work: Promise<unknown>[] = Array.from({ length: tabs }, () => this.useTab(client));
    if (random.chance(0.3)) work.push(this.logOut(client));
    if (random.chance(0.2)) work.push(this.beForged(client));
    if (isGuarded(client)) work.push(this.beCopied(client));
    await Promise.all(work);
    if (client.ended) await this.autopsy(client);
  }

  /** After the faults, an active chain can refresh and an ended one stays ended. */
  async finish(client: HonestClient): Promise<void> {
    if (client.newest === undefined) return;
    for (const tokens of client.former.slice(-3)) await client.present(tokens, 'thief');
    if (client.key !== undefined) await client.presentWithoutKey(client.newest);
    if (client.ended) return this.autopsy(client);
    const deadline = performance.now() + (this.options.recoversWithinMs ?? 20_000);
    while (!client.ended && performance.now() < deadline) {
      if (await client.round(true)) return;
    }
  }

  private async useTab(client: HonestClient): Promise<void> {
    while (!client.ended && this.progress() < 1) {
      await this.think(client);
      await client.round();
      // whether it is answered or refused, an old token must not affect the newest
      const old = client.given.slice(-4, -1);
      if (old.length > 0 && client.random.chance(client.weather.echoShare)) {
        await client.present(client.random.pick(old), 'thief');
      }
    }
  }

  /** Revokes while refreshes are in flight; repeats until the revocation is acknowledged. */
  private async logOut(client: HonestClient): Promise<void> {
    const { random } = client;
    const due = this.progress() + (1 - this.progress()) * random.between(0.1, 0.95);
    while (this.progress() < due && !client.ended) await this.think(client);
    while (!client.ended) {
      const held = client.newest;
      if (held === undefined) return;
      const ways = client.account.ownUser === true ? 4 : 3;
      const way = random.below(ways);
      const outcome =
        way === 0
          ? await client.revoke(held)
          : way === 1
            ? await client.revoke(random.pick(client.given))
            : await client.endSession(held, way === 2 ? 'session' : 'user');
      if (outcome.status === 200) break;
      if (this.progress() >= 1) return;
      await sleep(50);
    }
    // the tabs notice on their own, but these requests check every process immediately
    await Promise.all([0, 1, 2].map(() => client.round()));
  }

  /** Sends tampered tokens, and genuine tokens under another project. Both must be refused without effect. */
  private async beForged(client: HonestClient): Promise<void> {
    while (!client.ended && this.progress() < 1) {
      await this.think(client, 10);
      const { newest, random } = client;
      if (newest === undefined || client.ended) return;
      const elsewhere = this.terrain.foreign.filter((project) => project !== client.account.project);
      if (random.chance(0.5)) {
        await client.present(newest, 'forger', random.pick(elsewhere));
      } else {
        await client.present(tampered(newest.refreshToken, random.below(32)), 'forger');
      }
    }
  }

  /** Somebody copies every token, but neither the key nor the secret of the client. */
  private async beCopied(client: HonestClient): Promise<void> {
    while (!client.ended && this.progress() < 1) {
      await this.think(client);
      const { given, key, random } = client;
      if (given.length === 0) continue;
      const copied = random.pick(given);
      if (key !== undefined) await client.presentWithoutKey(copied);
      if (client.account.manner === 'service') await client.presentAsStranger(copied);
    }
  }

  /** Uses a copy of an old token after the grace window, when its successor has been used. */
  private async beStolen(client: HonestClient): Promise<void> {
    const { random } = client;
    const grace = this.terrain.rules[client.account.project.ownerId]?.grace ?? 0;
    const copied = client.given[0];
    const until = this.progress() + (1 - this.progress()) * random.between(0.1, 0.9);
    const since = performance.now();
    while (!client.ended && this.progress() < 1) {
      await this.think(client);
      await client.round();
      const ripe = performance.now() - since > 2 * grace + 200 && client.given.length > 4;
      if (ripe && this.progress() > until) break;
      if (random.chance(0.1)) await client.present(random.pick(client.given.slice(-4)), 'thief');
    }
    if (copied === undefined || client.ended) return;
    for (let attempt = 0; attempt < 20; attempt++) {
      const { status } = await client.present(copied, 'thief');
      if (status !== undefined && status < 500) break;
      await sleep(100);
    }
    while (!client.ended && this.progress() < 1) await client.round();
    await this.autopsy(client);
  }

  /** Presents every token of the ended sessions again. */
  private async autopsy(client: HonestClient): Promise<void> {
    if (client.newest !== undefined) await client.present(client.newest, 'honest');
    for (const tokens of client.given.slice(-3)) await client.present(tokens, 'thief');
  }

  /** Once a run has its answers and only waits until its last fault is repaired, it slows down. */
  private think(client: HonestClient, times = 1): Promise<void> {
    const mean = (this.options.thinkMs ?? 60) * (this.clock.progress() < 1 ? times : Math.max(times, 10));
    return sleep(client.random.between(0, 2 * mean));
  }
}

function tampered(token: string, at: number): string {
  const changed = token[at] === 'A' ? 'B' : 'A';
  return `${token.slice(0, at)}${changed}${token.slice(at + 1)}`;
}

/** Whether a token alone is of no use. */
function isGuarded({ key, account }: HonestClient): boolean {
  return key !== undefined || account.manner === 'service';
}

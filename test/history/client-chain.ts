import { setTimeout as sleep } from 'node:timers/promises';
import type { Manner } from './oauth-calls.js';
import { ProofKey } from './proof-key.js';
import type { RandomSource } from './random-source.js';
import { fingerprint, type Actor, type Call } from './recorder.js';
import type { Outcome, Ports, ProjectAccess, Sender, TokenApi, Tokens } from './token-api.js';

/** The user that a chain logs in as. */
export interface Account {
  readonly project: ProjectAccess;
  readonly userName: string;
  readonly password: string;
  /** Whether only this chain uses the user, so that all sessions of the user may be ended together. */
  readonly ownUser?: boolean;
  /** Default: `documented`. */
  readonly manner?: Manner | undefined;
}

/** Simulated network faults for honest clients. */
export interface Weather {
  /** Share of requests whose socket the client destroys after sending, and the latest time for that. */
  readonly dropShare: number;
  readonly dropWithinMs: number;
  /** Share of rounds that send one token several times concurrently. */
  readonly duplicateShare: number;
  /** Share of rounds after which a recent token is sent again, as a proxy or a resumed tab would. */
  readonly echoShare: number;
}

/** Upper limit for `Retry-After`, so that a run ends. */
const LONGEST_WAIT_MS = 1500;

/** Number of recent tokens to keep. The service treats all older tokens alike. */
const REMEMBERED = 40;

/**
 * An honest client of one session: it keeps the answer with the highest `tokenSeq`, retries with the same token after a
 * lost answer, waits after 409 and 503, and gives up at the first 401. Several tabs may run rounds concurrently; they
 * share the state, like tabs of a browser.
 */
export class HonestClient {
  newest?: Tokens;
  /** The last tokens that the client received in this session, oldest first. */
  given: Tokens[] = [];
  /** The newest tokens of the client's earlier sessions. */
  readonly former: Tokens[] = [];
  /** Set after a 401: the client is logged out. */
  ended = false;
  /** The process that last refused a connection; skipped next, as a load balancer would. */
  private shunned?: number;

  constructor(
    readonly chain: number,
    readonly account: Account,
    private readonly api: TokenApi,
    private readonly ports: Ports,
    readonly random: RandomSource,
    readonly weather: Weather,
    /** The key that the client's sessions are bound to. */
    readonly key?: ProofKey,
  ) {}

  /** Logs in, retrying without an answer. @returns `false` if it failed in time */
  async login(patience: () => boolean): Promise<boolean> {
    while (patience()) {
      const { userName, password } = this.account;
      const outcome = await this.api.login(this.sender({ kind: 'login' }), userName, password);
      if (outcome.tokens !== undefined) {
        this.begin(outcome.tokens);
        return true;
      }
      await this.wait(outcome);
    }
    return false;
  }

  /**
   * Runs one round: sends the newest token once or several times concurrently, and reacts to the answers.
   * @returns whether a refresh succeeded
   */
  async round(afterFaults = false): Promise<boolean> {
    const held = this.newest;
    if (held === undefined || this.ended) return false;
    const calm = afterFaults || !this.random.chance(this.weather.duplicateShare);
    const outcomes = await Promise.all(calm ? [this.refresh(held, afterFaults)] : this.duplicates(held));
    for (const outcome of outcomes) {
      if (outcome.tokens !== undefined) this.keep(outcome.tokens);
      if (outcome.status === 401) this.ended = true;
    }
    const overtaken = (this.newest?.tokenSeq ?? 0) > held.tokenSeq;
    const worst = outcomes.find(({ tokens }) => tokens === undefined);
    if (worst !== undefined && !overtaken && !this.ended) await this.wait(worst);
    return outcomes.some(({ tokens }) => tokens !== undefined);
  }

  /** Presents a token as the holder of a copy would. Does not change the client's state. */
  present(tokens: Tokens | string, actor: Actor, project = this.account.project): Promise<Outcome> {
    const held = typeof tokens === 'string' ? { refreshToken: tokens, tokenSeq: 0 } : tokens;
    const presented = fingerprint(held.refreshToken);
    return this.api.refresh(this.sender({ kind: 'refresh', actor, presented, project }), held, 'POST');
  }

  /** Presents a token as somebody would who has not the key of its session: without a proof, or by another key. */
  presentWithoutKey(tokens: Tokens): Promise<Outcome> {
    const presented = fingerprint(tokens.refreshToken);
    const sender = this.sender({ kind: 'refresh', actor: 'keyless', presented });
    const key = this.random.chance(0.5) ? new ProofKey() : undefined;
    return this.api.refresh({ ...sender, key }, tokens, this.random.chance(0.5) ? 'GET' : 'POST');
  }

  /** Presents a token of a confidential client by the documented call, or as another client. */
  presentAsStranger(tokens: Tokens): Promise<Outcome> {
    const presented = fingerprint(tokens.refreshToken);
    const via = this.random.chance(0.5) ? 'oauth' : undefined;
    const sender = this.sender({ kind: 'refresh', actor: 'stranger', presented, via });
    return this.api.refresh({ ...sender, manner: 'page' }, tokens, 'POST');
  }

  /** Revokes the session by any of its tokens. */
  revoke(tokens: Tokens): Promise<Outcome> {
    const presented = fingerprint(tokens.refreshToken);
    return this.api.revokeToken(
      this.sender({ kind: 'revoke', presented, reach: 'session' }),
      tokens.refreshToken,
    );
  }

  /** Ends the session by its id, or all sessions of the user. */
  endSession(tokens: Tokens, reach: 'session' | 'user'): Promise<Outcome> {
    const session = reach === 'session' ? tokens.sessionId : undefined;
    // There is no standard endpoint for this.
    const sender = this.sender({ kind: 'revoke', session, reach, via: undefined });
    return this.api.endSession(sender, tokens.accessToken, session ?? 'all');
  }

  private refresh(held: Tokens, afterFaults: boolean): Promise<Outcome> {
    const presented = fingerprint(held.refreshToken);
    const sender = this.sender({ kind: 'refresh', presented, afterFaults: afterFaults || undefined });
    const verb = this.random.chance(0.5) ? 'GET' : 'POST';
    return this.api.refresh(afterFaults ? sender : this.exposed(sender), held, verb);
  }

  private duplicates(held: Tokens): Promise<Outcome>[] {
    if (this.random.chance(0.25)) {
      const presented = fingerprint(held.refreshToken);
      const first = this.exposed(this.sender({ kind: 'refresh', presented }));
      const { via } = first.call;
      const second = this.exposed(this.sender({ kind: 'refresh', presented, via }));
      const both = this.api.refreshTwice([first, second], held);
      return [both.then(([outcome]) => outcome), both.then(([, outcome]) => outcome)];
    }
    return Array.from({ length: 2 + this.random.below(3) }, () => this.refresh(held, false));
  }

  private exposed(sender: Sender): Sender {
    if (!this.random.chance(this.weather.dropShare)) return sender;
    return { ...sender, dropAfter: this.random.between(0, this.weather.dropWithinMs) };
  }

  private sender(
    call: Pick<Call, 'kind'> & Partial<Omit<Call, 'project'>> & { project?: ProjectAccess },
  ): Sender {
    const project = call.project ?? this.account.project;
    let process = this.random.below(this.ports.size);
    if (process === this.shunned) process = this.random.below(this.ports.size);
    return {
      project,
      process,
      manner: this.account.manner ?? 'documented',
      key: this.key,
      call: {
        actor: 'honest',
        via: this.via(call.kind),
        ...call,
        chain: this.chain,
        process,
        project: project.ownerId,
        user: this.account.userName,
      },
    };
  }

  /** A mixed session is opened by the documented login. */
  private via(kind: Call['kind']): 'oauth' | undefined {
    const { manner = 'documented' } = this.account;
    if (manner === 'documented') return undefined;
    if (manner !== 'mixed') return 'oauth';
    return kind !== 'login' && this.random.chance(0.5) ? 'oauth' : undefined;
  }

  private begin(tokens: Tokens): void {
    if (this.newest !== undefined) this.former.push(this.newest);
    this.newest = tokens;
    this.given = [tokens];
    this.ended = false;
  }

  private keep(tokens: Tokens): void {
    if ((this.newest?.tokenSeq ?? 0) >= tokens.tokenSeq) return;
    this.newest = tokens;
    this.given.push(tokens);
    if (this.given.length > REMEMBERED) this.given.shift();
  }

  private async wait(outcome: Outcome): Promise<void> {
    this.shunned = outcome.refused === true ? outcome.operation.process : undefined;
    const asked = outcome.status === undefined ? this.random.between(20, 150) : (outcome.retryAfterMs ?? 100);
    await sleep(Math.max(5, Math.min(asked, LONGEST_WAIT_MS)));
  }
}

import cluster, { type Worker } from 'node:cluster';
import { on, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { StartError } from '../config/start-error.js';
import { workerEnvironment } from '../config/own-worker.js';
import { BEAT_MS } from './worker.js';

/** How long a worker may take to listen, in ms. */
const START_MS = 60_000;
/** A worker that misses this many beats counts as hanging and is killed. */
const MISSED_BEATS = 10;
/**
 * The pause before a dead worker is replaced, in ms: doubled from the first to the last, until one has run for a while.
 */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 10_000;
const LIVED_MS = 10_000;
/** How long after its own deadline a worker is killed, in ms. */
const KILL_AFTER_MS = 5_000;

/**
 * Runs the service in several processes on one port. It serves no requests itself: it starts workers, restarts those
 * that die or hang, replaces them one by one on {@link rollOver}, and ends them all on {@link stop}.
 */
export class ClusterPrimary {
  private readonly missedBeats = new Map<Worker, number>();
  /** Workers that this process has asked to end. */
  private readonly retiring = new Set<Worker>();
  private readonly stopping = new AbortController();
  private hasStarted = false;
  private rolling: Promise<void> | null = null;
  private rollAgain = false;
  private pauseMs = FIRST_PAUSE_MS;

  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  /** @throws {StartError} if no worker starts */
  async start(): Promise<void> {
    // Of a worker that listens: one that still starts may send other messages, as pm2's wrapper does, but no beats.
    cluster.on('message', (worker) => {
      if (this.missedBeats.has(worker)) this.missedBeats.set(worker, 0);
    });
    setInterval(() => this.endThoseWhoHang(), BEAT_MS).unref();
    const workers = await Promise.all(Array.from({ length: this.config.workers }, () => this.launch()));
    const missing = workers.filter((worker) => worker === null);
    if (missing.length === workers.length && !this.isStopping)
      throw new StartError('no worker came up: see the lines above');
    for (const _ of missing) void this.replace();
    this.hasStarted = true;
    if (this.rollAgain) await this.rollOver();
  }

  /** Replaces the workers one by one, each once its successor listens. Stops if a successor does not start. */
  async rollOver(): Promise<void> {
    if (this.rolling !== null || !this.hasStarted) {
      this.rollAgain = true;
      return this.rolling ?? undefined;
    }
    this.rollAgain = false;
    this.rolling = this.exchangeAll();
    try {
      await this.rolling;
    } finally {
      this.rolling = null;
    }
    if (this.rollAgain && !this.isStopping) await this.rollOver();
  }

  /** @returns whether all ended by themselves */
  async stop(): Promise<boolean> {
    this.stopping.abort();
    const ended = await Promise.all(this.workers().map((worker) => this.retire(worker)));
    return ended.every(Boolean);
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private workers(): Worker[] {
    return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  }

  /** @returns the worker once it listens; `null` if it could not be forked, ended first, or is no longer wanted */
  private async launch(): Promise<Worker | null> {
    const worker = this.fork();
    if (worker === null) return null;
    const begun = performance.now();
    const decided = new AbortController();
    const { signal } = decided;
    const tooLate = setTimeout(() => worker.process.kill('SIGKILL'), START_MS);
    const listening = this.listens(worker, signal);
    const exit = once(worker, 'exit', { signal }).then(() => false);
    // If the system refuses the fork only after the call, an `error` event follows, which rejects both.
    const isListening = await Promise.race([listening, exit]).catch((error: unknown) =>
      this.forkFailed(error),
    );
    decided.abort();
    listening.catch(() => undefined);
    exit.catch(() => undefined);
    clearTimeout(tooLate);
    if (!isListening) return null;
    this.missedBeats.set(worker, 0);
    worker.once('exit', (code, signalName) => {
      this.missedBeats.delete(worker);
      if (this.retiring.has(worker) || this.isStopping) return;
      this.logger.error({ worker: worker.process.pid, code, signal: signalName }, 'a worker died');
      if (performance.now() - begun > LIVED_MS) this.pauseMs = FIRST_PAUSE_MS;
      void this.replace();
    });
    return worker;
  }

  /** Waits until the worker listens on all of its ports. */
  private async listens(worker: Worker, signal: AbortSignal): Promise<boolean> {
    let missing = this.config.metricsPort === null ? 1 : 2;
    for await (const _ of on(worker, 'listening', { signal })) if (--missing === 0) return true;
    return false;
  }

  /** If the system is out of processes or descriptors, the running workers must keep serving. */
  private fork(): Worker | null {
    try {
      const worker = cluster.fork(workerEnvironment());
      worker.on('error', () => undefined);
      return worker;
    } catch (error) {
      this.forkFailed(error);
      return null;
    }
  }

  private forkFailed(error: unknown): false {
    this.logger.error({ err: error }, 'a worker could not be forked');
    return false;
  }

  private async replace(): Promise<void> {
    for (;;) {
      await sleep(this.pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      this.pauseMs = Math.min(this.pauseMs * 2, LAST_PAUSE_MS);
      if (this.isStopping || (await this.launch()) !== null) return;
      this.logger.error({ pauseMs: this.pauseMs }, 'a worker did not come up');
    }
  }

  private async exchangeAll(): Promise<void> {
    const old = this.workers().filter((worker) => !this.retiring.has(worker));
    this.logger.info({ workers: old.length }, 'rolling over');
    for (const worker of old) {
      if (this.isStopping) return;
      // It died before its turn, and a new one has already replaced it.
      if (worker.isDead()) continue;
      // Recorded first, so that one that dies just now is not replaced twice.
      this.retiring.add(worker);
      if ((await this.launch()) === null) {
        this.logger.error('a new worker did not come up: the others stay as they are');
        if (worker.isDead()) void this.replace();
        else this.retiring.delete(worker);
        return;
      }
      await this.retire(worker);
    }
    this.logger.info('rolled over');
  }

  /** @returns whether it ended by itself */
  private async retire(worker: Worker): Promise<boolean> {
    this.retiring.add(worker);
    if (worker.isDead()) return true;
    const exit = once(worker, 'exit');
    worker.process.kill('SIGTERM');
    let isKilled = false;
    const kill = setTimeout(
      () => {
        isKilled = true;
        this.logger.error({ worker: worker.process.pid }, 'a worker did not end in time');
        worker.process.kill('SIGKILL');
      },
      this.config.shutdownDelayMs + this.config.shutdownDeadlineMs + KILL_AFTER_MS,
    );
    await exit;
    clearTimeout(kill);
    this.retiring.delete(worker);
    return !isKilled;
  }

  /** Counts beats, not time: if this process itself was paused, the worker missed no beat. */
  private endThoseWhoHang(): void {
    for (const [worker, missed] of this.missedBeats) {
      this.missedBeats.set(worker, missed + 1);
      if (missed < MISSED_BEATS || this.retiring.has(worker)) continue;
      this.logger.error({ worker: worker.process.pid }, 'a worker hangs');
      worker.process.kill('SIGKILL');
    }
  }
}

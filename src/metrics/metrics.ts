import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { lockedLogins, loginLocks } from '../auth/lock-out/lock-out-report.js';
import { LOGIN_OUTCOMES, loginReports } from '../auth/login/login-report.js';
import { passwordHashes } from '../auth/password/hash-queue.js';
import { REFRESH_OUTCOMES, refreshReports, rotations } from '../auth/refresh/refresh-report.js';
import { tierReads } from '../cache/tier-report.js';
import { groupCommits } from '../database/sqlite/group-commit.js';
import type { Step } from '../diagnostics/step.js';
import { droppedLines } from '../logging/log-sink.js';
import { pluginRuns } from '../plugins/plugin-registry.js';
import { type ApiError, catalogue, type ErrorCode } from '../response/error/error-catalogue.js';
import { unroutedRequests } from '../response/error/unrouted.js';
import { replayEvictions } from '../tenancy/verification/replay-memory.js';

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const STEP_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const AGE_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 20, 30, 45, 60, 120, 300];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/**
 * The Prometheus metrics of this process.
 *
 * Label values are bounded: callers cannot choose them and they do not grow with tenants. They are outcomes, tiers,
 * status classes, and the routes and plugins known at startup. `docs/observability.md` lists all metrics.
 */
@Injectable()
export class Metrics implements OnApplicationShutdown {
  readonly registry = new Registry();

  /**
   * Labelled by route pattern and by the status class before a project's status mode rewrites it to 200; `aborted` if the
   * client disconnected before it had its answer.
   */
  readonly requests = this.histogram('http_request_duration_seconds', {
    help: 'Duration of HTTP requests, from receiving the headers to sending the last byte',
    buckets: REQUEST_SECONDS,
    labels: ['method', 'route', 'status'],
  });

  private readonly failures = this.tally('failures_total', {
    help: 'Failed requests by error code',
    label: 'code',
    values: Object.keys(catalogue) as ErrorCode[],
  });

  readonly #unsubscribes: readonly (() => void)[];

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#unsubscribes = [
      unroutedRequests.subscribe((failure) => this.countFailure(failure)),
      ...this.refreshes(),
      ...this.logins(),
      ...this.tiers(),
      ...this.replays(),
      ...this.plugins(),
      ...this.database(),
      this.log(),
    ];
  }

  countFailure({ errorCode }: ApiError): void {
    this.failures[errorCode]++;
  }

  onApplicationShutdown(): void {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.registry.clear();
  }

  private refreshes() {
    const counts = this.tally('refreshes_total', {
      help: 'Refreshes by outcome',
      label: 'outcome',
      values: REFRESH_OUTCOMES,
    });
    const ages = this.histogram('replay_age_seconds', {
      help: 'Age of the refresh token when its answer was replayed',
      buckets: AGE_SECONDS,
    });
    return [
      refreshReports.subscribe(({ outcome, ageMs }) => {
        counts[outcome]++;
        if (ageMs !== undefined) ages.observe(ageMs / 1000);
      }),
    ];
  }

  private logins() {
    const counts = this.tally('logins_total', {
      help: 'Logins by outcome',
      label: 'outcome',
      values: [...LOGIN_OUTCOMES, 'locked'],
    });
    const locks = this.tally('login_locks_total', {
      help: 'Locks of users, known or not, after too many failed logins: for one network, or for all but the usual ones',
      label: 'scope',
      values: ['network', 'everywhere'],
    });
    const hashes = new Counter({
      name: 'bo_auth_password_hashes_total',
      help: 'Passwords that were hashed, or compared with a hash',
      registers: [this.registry],
    });
    return [
      loginReports.subscribe((outcome) => void counts[outcome]++),
      lockedLogins.subscribe(() => void counts.locked++),
      loginLocks.subscribe((scope) => void locks[scope]++),
      passwordHashes.subscribe(() => hashes.inc()),
    ];
  }

  private tiers() {
    const counts = this.tally('tier_reads_total', {
      help: 'Cache reads by the tier that answered',
      label: 'tier',
      values: ['local', 'redis', 'sqlite', 'postgres'],
    });
    return [tierReads.subscribe((tier) => void counts[tier]++)];
  }

  /** No label names the project: the log and the request rates show which one is that busy. */
  private replays() {
    const evictions = new Counter({
      name: 'bo_auth_replay_evictions_total',
      help: 'Used XverifyApi GUIDs that were forgotten early for lack of room',
      registers: [this.registry],
    });
    return [replayEvictions.subscribe(() => evictions.inc())];
  }

  private plugins() {
    const runs = this.histogram('plugin_duration_seconds', {
      help: 'Duration of one run of a response plugin',
      buckets: STEP_SECONDS,
      labels: ['plugin', 'outcome'],
    });
    const failed = new Map<string, Observer>();
    const answered = new Map<string, Observer>();
    return [
      timed(pluginRuns, ({ plugin }, seconds, ok) => {
        const known = ok ? answered : failed;
        let child = known.get(plugin);
        if (child === undefined) known.set(plugin, (child = runs.labels(plugin, ok ? 'answered' : 'failed')));
        child.observe(seconds);
      }),
    ];
  }

  private database() {
    const commits = this.histogram('rotation_duration_seconds', {
      help: 'Duration of the compare-and-set of a session, until it was durable or lost the race',
      buckets: STEP_SECONDS,
    });
    const batches = this.histogram('group_commit_size', {
      help: 'Number of session updates in one shared commit (SQLite)',
      buckets: BATCH_SIZES,
    });
    return [
      timed(rotations, (_, seconds) => commits.observe(seconds)),
      groupCommits.subscribe((size) => batches.observe(size)),
    ];
  }

  private log() {
    const lines = new Counter({
      name: 'bo_auth_log_lines_dropped_total',
      help: 'Log lines that were dropped because standard output could not be written',
      registers: [this.registry],
    });
    return droppedLines.subscribe(() => lines.inc());
  }

  /**
   * A counter with one label of known values. It counts in plain numbers and passes them to prom-client at the scrape:
   * prom-client's `inc()` builds a string from the labels, about 1 µs each, and a refresh counts five things.
   */
  private tally<Value extends string>(
    name: string,
    { help, label, values }: { help: string; label: string; values: readonly Value[] },
  ): Record<Value, number> {
    // Export every series from 0, so that `rate()` and `increase()` see the first event.
    const counts = Object.fromEntries(values.map((value) => [value, 0])) as Record<Value, number>;
    this.registry.registerMetric(
      new Counter({
        name: `bo_auth_${name}`,
        help,
        labelNames: [label],
        registers: [],
        collect() {
          this.reset();
          for (const value of values) this.inc({ [label]: value }, counts[value]);
        },
      }),
    );
    return counts;
  }

  private histogram(
    name: string,
    { help, buckets, labels = [] }: { help: string; buckets: number[]; labels?: string[] },
  ): Histogram {
    return new Histogram({
      name: `bo_auth_${name}`,
      help,
      buckets,
      labelNames: labels,
      registers: [this.registry],
    });
  }
}

interface Observer {
  observe(value: number): void;
}

/** Calls `observe` with the duration of each run of the step, in seconds. */
function timed<Details extends object>(
  step: Step<Details>,
  observe: (details: Details, seconds: number, ok: boolean) => void,
): () => void {
  // On the details themselves: a WeakMap takes 1 µs a run, and more of the garbage collector's time.
  const startedAt = Symbol('startedAt');
  type Timed = Details & { [startedAt]?: number };
  return step.subscribe({
    onStart: (details: Timed) => void (details[startedAt] = performance.now()),
    onEnd: (details: Timed, { error }) => {
      const start = details[startedAt];
      if (start !== undefined) observe(details, (performance.now() - start) / 1000, error === undefined);
    },
  });
}

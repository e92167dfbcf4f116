import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../config/clock.js';
import { CHANGE_TRIGGERS } from '../database/change-triggers.js';
import { NOW_MS } from '../database/now-ms.js';
import { SqlDatabase } from '../database/sql-database.js';
import { StoreUnavailable } from '../database/store-unavailable.js';
import { projectKey, userKey } from './logged-keys.js';
import { STALENESS_MS } from './staleness.js';

/** The longest time for which a copy is used: a failover to another server may lose a change without a trace. */
const MAX_AGE_MS = 10 * 60_000;

/** If a check finds more entries than this, all copies count as changed. */
const MAX_ENTRIES = 1_000;

/**
 * An entry is kept for this time, by the database's clock. As no copy is older than {@link MAX_AGE_MS}, the rest is for
 * transactions that commit long after they have changed a row.
 */
const RETENTION_MS = 3_600_000;

/** At least one row: that of the position, with no entry. */
const read = (kind: SqlDatabase['kind'], server: string, position: string, since: string) => `
  SELECT ${server} AS server, ${position} AS position, (${CHANGE_TRIGGERS[kind].inForce}) AS triggers, entry.seq, entry.owner_id, entry.user_id
  FROM (SELECT 1) AS one LEFT JOIN (
    SELECT seq, owner_id, user_id FROM bo_change WHERE ${since} LIMIT ${MAX_ENTRIES + 1}
  ) AS entry ON true`;

const READ = {
  // One transaction writes at a time, so entries are committed in the order of their numbers.
  sqlite: read(
    'sqlite',
    `''`,
    `coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'bo_change'), 0)`,
    'seq > $1 ORDER BY seq',
  ),
  // Numbers are not committed in their order. But all transactions before the oldest that was still running in this
  // snapshot have ended, so the next check needs entries from that one on (txid_snapshot_xmin in the documentation).
  postgres: read(
    'postgres',
    `CAST(pg_postmaster_start_time() AS text) || ' ' || CAST('bo_change'::regclass AS oid)`,
    'txid_snapshot_xmin(txid_current_snapshot())',
    'tx >= $1 ORDER BY tx',
  ),
};

const purge = (now: string, limit: number) => `
  DELETE FROM bo_change WHERE seq IN (
    SELECT seq FROM bo_change WHERE logged_at < ${now} - ${RETENTION_MS} ORDER BY logged_at LIMIT ${Math.trunc(limit)}
  ) RETURNING seq`;

interface Row {
  /** Of which server and which table the entry is. */
  readonly server: string;
  readonly position: number | string;
  readonly triggers: number | string;
  readonly seq: number | string | null;
  /** `null` if all rows of a table have changed. */
  readonly owner_id: string | null;
  readonly user_id: string | null;
}

/** By both clocks: the wall clock may be set back, and the monotonic one may stand still while the machine sleeps. */
interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** Begun before a row is read, it says for how long its copy may be used. */
export interface Watch {
  readonly began: Moment;
  readonly epoch: number;
  readonly found: number;
}

/**
 * The log of changed projects and users, which triggers write, read at most once in {@link STALENESS_MS} and only on
 * demand. It saves reading each copy again: while a check that began within this time has not found a copy's key, the
 * copy is as good as one that was read when the check began.
 */
@Injectable()
export class ChangeLog implements OnApplicationBootstrap {
  private readonly logger = new Logger(ChangeLog.name);
  private listener: (keys: readonly string[]) => void = () => undefined;
  /** From where the next check reads; `null` if the log has not been read, or cannot be. */
  private position: number | null = null;
  /** The numbers of entries that the next check may find again. */
  private seen: ReadonlySet<number> = new Set();
  private server = '';
  /** Copies from another epoch are not vouched for: changes of them may have been missed. */
  private epoch = 0;
  /** When changes may have been missed: rows read soon afterwards may have come from another server. */
  private gapAt = -Infinity;
  /** How many checks found changes. */
  private found = 0;
  /** When the last check began, and the last that succeeded. */
  private attempted: Moment | null = null;
  private checked: Moment | null = null;
  private underWay: Promise<void> | null = null;

  constructor(
    private readonly database: SqlDatabase,
    private readonly clock: Clock,
  ) {}

  /** Takes the position before there are copies, and warns at the start if the log cannot be read. */
  async onApplicationBootstrap(): Promise<void> {
    await this.check().catch(() => undefined);
  }

  /** @param onChanged copies of these keys are no longer valid */
  listen(onChanged: (keys: readonly string[]) => void): void {
    this.listener = onChanged;
  }

  /** Call this before reading a row. */
  watch(): Watch {
    const { epoch, found } = this;
    return { began: this.moment(), epoch, found };
  }

  /** Call this after reading the row: a check meanwhile may have found its change before there was a copy to drop. */
  isUnbroken({ began, epoch, found }: Watch): boolean {
    return epoch === this.epoch && found === this.found && began.monotonic - this.gapAt > STALENESS_MS;
  }

  /** Whether a copy may be used: it is young, or no check has found its key. */
  vouchesFor({ began, epoch }: Watch): boolean {
    const now = this.moment();
    if (isWithin(STALENESS_MS, began, now)) return true;
    return (
      epoch === this.epoch && isWithin(STALENESS_MS, this.checked, now) && isWithin(MAX_AGE_MS, began, now)
    );
  }

  /**
   * Reports what was logged since the last check, unless that has just been done. Concurrent callers share one check.
   *
   * @throws {StoreUnavailable} if the database does not answer
   */
  check(): Promise<void> {
    if (this.underWay !== null) return this.underWay;
    const began = this.moment();
    if (isWithin(STALENESS_MS, this.attempted, began)) return Promise.resolve();
    this.attempted = began;
    this.underWay = this.read(began).finally(() => {
      this.underWay = null;
    });
    return this.underWay;
  }

  /** Deletes at most `limit` old entries. @returns how many */
  async purge(limit: number): Promise<number> {
    const sql = purge(NOW_MS[this.database.kind], limit);
    return (await this.database.transact((transaction) => transaction.all(sql, []))).length;
  }

  private async read(began: Moment): Promise<void> {
    const { kind } = this.database;
    let rows: readonly Row[];
    try {
      rows = await this.database.all<Row>(READ[kind], [this.position ?? 0]);
    } catch (error) {
      const failure = error instanceof StoreUnavailable ? error : null;
      // Whatever the caller would read instead would fail too, after the same wait.
      if (failure?.concernsAll) throw error;
      // Nothing is lost if the server is only too busy: the next check starts from the same position.
      if (failure?.isStatementError !== false) this.giveUp({ error: String(error) });
      return;
    }
    const triggers = Number(rows[0]?.triggers);
    if (triggers < CHANGE_TRIGGERS[kind].count) return this.giveUp({ triggers });
    this.report(rows);
    this.checked = began;
  }

  private report(rows: readonly Row[]): void {
    const position = Number(rows[0]?.position);
    const server = String(rows[0]?.server);
    const entries = rows.filter(({ seq }) => seq !== null && !this.seen.has(Number(seq)));
    const isGap =
      // Another server, or a database that was restored from a copy.
      server !== this.server ||
      position < (this.position ?? 0) ||
      rows.length > MAX_ENTRIES ||
      entries.some(({ owner_id }) => owner_id === null);
    if (this.position === null) this.epoch++;
    else if (isGap) {
      this.epoch++;
      this.gapAt = this.clock.monotonic();
    } else if (entries.length > 0) {
      this.found++;
      this.listener(entries.map(keyOf));
    }
    this.position = position;
    this.server = server;
    this.seen = new Set(rows.map(({ seq }) => Number(seq)));
  }

  /** Until a check succeeds, each copy is read again after {@link STALENESS_MS}. */
  private giveUp(why: object): void {
    if (this.position !== null || this.epoch === 0)
      this.logger.warn(
        why,
        'changes of projects and users are not logged (bo_change): a copy of each is read again every 5 s. ' +
          '`bo-auth migrate` creates missing triggers',
      );
    this.position = null;
    this.checked = null;
    this.epoch++;
  }

  private moment(): Moment {
    return { wall: this.clock.now(), monotonic: this.clock.monotonic() };
  }
}

function isWithin(ms: number, moment: Moment | null, now: Moment): boolean {
  return moment !== null && Math.abs(now.wall - moment.wall) <= ms && now.monotonic - moment.monotonic <= ms;
}

function keyOf({ owner_id: ownerId, user_id: userId }: Row): string {
  return userId === null ? projectKey(String(ownerId)) : userKey(String(ownerId), userId);
}

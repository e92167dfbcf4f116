import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../config/clock.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { JSON_ITEMS } from '../database/json-items.js';
import { SqlDatabase } from '../database/sql-database.js';
import { type EventRow, writeEvent } from './audit-trail.js';
import type { AuthEvent } from './auth-event.js';
import { type ChainState, ChainStates, ChainUnusable } from './chain-state.js';
import { lateEvents } from './late-events.js';
import type { Link } from './chain-key.js';

/** Lines in one transaction: few enough that no request waits for it. */
export const BATCH = 200;

const UNSEALED = `SELECT * FROM bo_auth_event WHERE chain_seq IS NULL ORDER BY id LIMIT ${BATCH}`;

/** All lines in one statement. Its parameter is a JSON list of [id, chain_seq, chain_mac]. */
const seal = (items: string) => `
  UPDATE bo_auth_event SET chain_seq = CAST(item.value ->> 1 AS bigint), chain_mac = item.value ->> 2
  FROM ${items} AS item WHERE bo_auth_event.id = CAST(item.value ->> 0 AS bigint) AND chain_seq IS NULL RETURNING id`;
const SEAL = {
  sqlite: seal(JSON_ITEMS.sqlite),
  postgres: seal(JSON_ITEMS.postgres),
} as const;

const ERASE = 'UPDATE bo_auth_event SET user_id = $2, detail = $3 WHERE id = $1';

/** At most $3 lines after place $1, up to place $2. */
const LINES = `
  SELECT * FROM bo_auth_event WHERE chain_seq > $1 AND chain_seq <= $2 ORDER BY chain_seq LIMIT $3`;

const DELETE = 'DELETE FROM bo_auth_event WHERE chain_seq > $1 AND chain_seq <= $2 RETURNING id';

/** Lines up to place $1, which are not in the chain any more. */
const DELETE_OF_EARLIER_CHAIN = `
  DELETE FROM bo_auth_event WHERE id IN (
    SELECT id FROM (
      SELECT id, at FROM bo_auth_event WHERE chain_seq <= $1 ORDER BY chain_seq LIMIT $3
    ) AS oldest WHERE at < $2
  ) RETURNING id`;

/** A line with its place in the chain. */
export interface SealedRow extends EventRow {
  readonly chain_seq: number | string;
  readonly chain_mac: string;
}

/**
 * The hash chain over the audit trail, which finds lines that were changed or removed.
 *
 * A line is written without a place in the chain, so no two writers wait for each other. A moment later it is sealed: it
 * gets the next place, and a MAC over its contents and the MAC of the line before. Ids would not do as places, because
 * on Postgres a line with a lower id may be committed later. Which of several processes seals a line is decided by the
 * compare-and-set of the row about the chain.
 */
@Injectable()
export class EventChain {
  readonly states: ChainStates;

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @Inject(CONFIG) { peppers }: Config,
  ) {
    this.states = new ChainStates(database, peppers);
  }

  /**
   * Seals the next lines.
   *
   * @returns how many; fewer than {@link BATCH}: no more are left, or another process is sealing them
   * @throws ChainUnusable
   */
  async seal(): Promise<number> {
    const rows = await this.database.all<EventRow>(UNSEALED, []);
    if (rows.length === 0) return 0;
    const now = this.clock.now();
    const state = await this.states.findOrBegin(now);
    const late = await lateEvents(this.database, state.key, rows, now);
    let head = state.head;
    const links = rows.map((row) => {
      head = { seq: head.seq + 1, mac: state.key.line(head.mac, head.seq + 1, row) };
      return [Number(row.id), head.seq, head.mac];
    });
    try {
      await this.database.transact(async (transaction) => {
        if (!(await this.states.replace(transaction, state, { head }))) throw new Overtaken();
        const sealed = await transaction.all(SEAL[this.database.kind], [JSON.stringify(links)]);
        if (sealed.length < rows.length) throw new Overtaken();
        for (const { id, userId, detail } of late) await transaction.all(ERASE, [id, userId, detail]);
      });
      return rows.length;
    } catch (error) {
      if (error instanceof Overtaken) return 0;
      throw error;
    }
  }

  /** The lines after a place up to another, in the order of the chain. */
  lines(after: number, to: number, limit: number): Promise<SealedRow[]> {
    return this.database.all<SealedRow>(LINES, [after, to, limit]);
  }

  /**
   * Deletes the oldest sealed lines, if they are older than `before`, and moves the anchor of the chain behind them. Lines
   * that do not verify are deleted too, and counted in the chain's signed state.
   *
   * @returns how many; at most `limit`
   * @throws ChainUnusable
   */
  async deleteOlder(before: number, limit: number): Promise<number> {
    for (;;) {
      const state = await this.states.find();
      if (state === null) return 0;
      const earlier = await this.deleteOfEarlierChain(state, before, limit);
      if (earlier > 0) return earlier;
      const rows = await this.lines(state.anchor.seq, state.head.seq, limit);
      const { anchor, broken } = this.outdated(state, rows, before);
      if (anchor === state.anchor) return 0;
      const deleted = await this.database.transact(async (transaction) => {
        const deletedBroken = state.deletedBroken + broken;
        if (!(await this.states.replace(transaction, state, { anchor, deletedBroken }))) return null;
        return transaction.all(DELETE, [state.anchor.seq, anchor.seq]);
      });
      if (deleted !== null) return deleted.length;
    }
  }

  /** What stands in the trail for a user who was deleted. @throws ChainUnusable */
  async pseudonym(ownerId: string, userId: string): Promise<string> {
    const { key } = await this.states.findOrBegin(this.clock.now());
    return key.pseudonym(ownerId, userId);
  }

  async isUsable(): Promise<boolean> {
    try {
      await this.states.find();
      return true;
    } catch (error) {
      if (error instanceof ChainUnusable) return false;
      throw error;
    }
  }

  /** Begins a new chain, for a key that is lost. The lines so far can no longer be verified. */
  async restart(event: AuthEvent): Promise<void> {
    await this.database.transact(async (transaction) => {
      await this.states.restart(transaction, this.clock.now());
      await writeEvent(transaction, event);
    });
  }

  private async deleteOfEarlierChain(
    { baseSeq }: ChainState,
    before: number,
    limit: number,
  ): Promise<number> {
    if (baseSeq === 0) return 0;
    const deleted = await this.database.transact((transaction) =>
      transaction.all(DELETE_OF_EARLIER_CHAIN, [baseSeq, before, limit]),
    );
    return deleted.length;
  }

  /** The last of the first lines that are older than `before`, and how many up to it are missing or do not verify. */
  private outdated(
    { key, anchor }: ChainState,
    rows: readonly SealedRow[],
    before: number,
  ): { anchor: Link; broken: number } {
    const now = this.clock.now();
    let last = { anchor, broken: 0 };
    let previous = anchor;
    let broken = 0;
    for (const row of rows) {
      const at = Number(row.at);
      // A date in the future comes from a wrong clock, and must not keep later lines from being deleted.
      if (at >= before && at <= now) break;
      const link: Link = { seq: Number(row.chain_seq), mac: row.chain_mac };
      broken += link.seq - previous.seq - 1;
      if (key.line(previous.mac, link.seq, row) !== link.mac) broken++;
      previous = link;
      if (at < before) last = { anchor: link, broken };
    }
    return last;
  }
}

/** Rolls the transaction back: another process was faster. */
class Overtaken extends Error {}

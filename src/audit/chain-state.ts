import { randomBytes } from 'node:crypto';
import type { Peppers } from '../config/pepper.js';
import { sealedUnder, SecretSeal } from '../config/secret-seal.js';
import type { SqlDatabase, SqlTransaction } from '../database/sql-database.js';
import { ChainKey, type Link } from './chain-key.js';

const ID = 'events';
const KEY_BYTES = 32;
const NO_MAC = '';

const FIND = 'SELECT * FROM bo_event_chain WHERE id = $1';
const LAST =
  'SELECT chain_seq FROM bo_auth_event WHERE chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1';
const VALUES = `
  sealed_key = $2, began_at = $3, base_seq = $4, anchor_seq = $5, anchor_mac = $6, head_seq = $7, head_mac = $8,
  deleted_broken = $9, signature = $10`;
const REPLACE = `UPDATE bo_event_chain SET ${VALUES} WHERE id = $1 AND signature = $11 RETURNING id`;
const INSERT = `
  INSERT INTO bo_event_chain (id, sealed_key, began_at, base_seq, anchor_seq, anchor_mac, head_seq, head_mac,
    deleted_broken, signature)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`;
const DELETE = 'DELETE FROM bo_event_chain WHERE id = $1';

/** The row as the database returns it. */
export interface ChainRow {
  sealed_key: string;
  began_at: number | string;
  base_seq: number | string;
  anchor_seq: number | string;
  anchor_mac: string;
  head_seq: number | string;
  head_mac: string;
  deleted_broken: number | string;
  signature: string;
}

/** The chain as a whole. It is signed, so only a copy of an earlier state can replace it. */
export interface ChainState {
  readonly key: ChainKey;
  /** The key, encrypted under a pepper. */
  readonly sealedKey: string;
  /** ms since the epoch */
  readonly beganAt: number;
  /** Lines up to this place belong to an earlier chain, whose key is lost. */
  readonly baseSeq: number;
  /** The last line that the retention has deleted; the chain is verified from here. */
  readonly anchor: Link;
  /** The last line. */
  readonly head: Link;
  /** How many lines were missing or did not verify when the retention deleted them. */
  readonly deletedBroken: number;
  readonly signature: string;
}

/** The chain can be neither verified nor continued. */
export class ChainUnusable extends Error {
  override readonly name = 'ChainUnusable';
}

/** Reads and writes the row about the chain. */
export class ChainStates {
  private readonly seal: SecretSeal;

  constructor(
    private readonly database: SqlDatabase,
    private readonly peppers: Peppers,
  ) {
    this.seal = keySeal(peppers);
  }

  /** @returns `null` before the first line is sealed; @throws ChainUnusable */
  async find(): Promise<ChainState | null> {
    const row = await this.row();
    if (row !== undefined) return chainStateOf(row, this.peppers);
    if ((await this.lastSeq()) === 0) return null;
    // Another process may have begun the chain in the meantime.
    const begun = await this.row();
    if (begun === undefined) throw new ChainUnusable('the row of the chain in bo_event_chain is missing');
    return chainStateOf(begun, this.peppers);
  }

  /** The chain, which begins now if there is none. @throws ChainUnusable */
  async findOrBegin(now: number): Promise<ChainState> {
    const found = await this.find();
    if (found !== null) return found;
    const state = this.begin(now, 0);
    const [inserted] = await this.database.transact((transaction) =>
      transaction.all(INSERT, valuesOf(state)),
    );
    return inserted === undefined ? this.findOrBegin(now) : state;
  }

  /** Begins a new chain after the last line of the present one. */
  async restart(transaction: SqlTransaction, now: number): Promise<void> {
    // First, so that no line is sealed from here on.
    await transaction.all(DELETE, [ID]);
    const [last] = await transaction.all<{ chain_seq: number | string }>(LAST, []);
    await transaction.all(INSERT, valuesOf(this.begin(now, Number(last?.chain_seq ?? 0))));
  }

  /** @returns `false` if the chain is no longer as `before` */
  async replace(
    transaction: SqlTransaction,
    before: ChainState,
    change: Partial<Pick<ChainState, 'anchor' | 'head' | 'deletedBroken'>>,
  ): Promise<boolean> {
    const after = signed({ ...before, ...change, sealedKey: this.currentSeal(before) });
    return (await transaction.all(REPLACE, [...valuesOf(after), before.signature])).length === 1;
  }

  /** Encrypts the key again after a change of the pepper, so that the former pepper is no longer needed. */
  async renewSeal(state: ChainState): Promise<void> {
    if (!this.seal.isOutdated(state.sealedKey)) return;
    await this.database.transact((transaction) => this.replace(transaction, state, {}));
  }

  /** The last place that a line has; 0 if none is sealed. */
  async lastSeq(): Promise<number> {
    const [last] = await this.database.all<{ chain_seq: number | string }>(LAST, []);
    return Number(last?.chain_seq ?? 0);
  }

  private async row(): Promise<ChainRow | undefined> {
    const [row] = await this.database.all<ChainRow>(FIND, [ID]);
    return row;
  }

  private begin(now: number, baseSeq: number): ChainState {
    const secret = randomBytes(KEY_BYTES);
    const start: Link = { seq: baseSeq, mac: NO_MAC };
    return signed({
      key: new ChainKey(secret),
      sealedKey: this.seal.seal(secret, [ID]),
      beganAt: now,
      baseSeq,
      anchor: start,
      head: start,
      deletedBroken: 0,
    });
  }

  private currentSeal({ sealedKey }: ChainState): string {
    if (!this.seal.isOutdated(sealedKey)) return sealedKey;
    const secret = this.seal.open(sealedKey, [ID]);
    return secret === null ? sealedKey : this.seal.seal(secret, [ID]);
  }
}

const keySeal = (peppers: Peppers) => new SecretSeal(peppers, 'bo-auth key of the audit trail at rest, v1');

/** @throws ChainUnusable */
export function chainStateOf(row: ChainRow, peppers: Peppers): ChainState {
  const secret = keySeal(peppers).open(row.sealed_key, [ID]);
  if (secret === null)
    throw new ChainUnusable(
      `TOKEN_PEPPER does not open the key of the chain, which is sealed under the pepper ${sealedUnder(row.sealed_key)}`,
    );
  const state = signed({
    key: new ChainKey(secret),
    sealedKey: row.sealed_key,
    beganAt: Number(row.began_at),
    baseSeq: Number(row.base_seq),
    anchor: { seq: Number(row.anchor_seq), mac: row.anchor_mac },
    head: { seq: Number(row.head_seq), mac: row.head_mac },
    deletedBroken: Number(row.deleted_broken),
  });
  if (state.signature !== row.signature)
    throw new ChainUnusable('the row of the chain in bo_event_chain was changed');
  return state;
}

function signed(state: Omit<ChainState, 'signature'>): ChainState {
  const { key, sealedKey, beganAt, baseSeq, anchor, head, deletedBroken } = state;
  const signature = key.state([
    sealedKey,
    beganAt,
    baseSeq,
    anchor.seq,
    anchor.mac,
    head.seq,
    head.mac,
    deletedBroken,
  ]);
  return { ...state, signature };
}

const valuesOf = (state: ChainState) => [
  ID,
  state.sealedKey,
  state.beganAt,
  state.baseSeq,
  state.anchor.seq,
  state.anchor.mac,
  state.head.seq,
  state.head.mac,
  state.deletedBroken,
  state.signature,
];

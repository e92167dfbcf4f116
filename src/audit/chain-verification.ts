import type { SqlDatabase } from '../database/sql-database.js';
import type { Link } from './chain-key.js';
import type { ChainState } from './chain-state.js';
import type { EventChain, SealedRow } from './event-chain.js';

const PAGE = 500;
const SHOWN_FAULTS = 20;

const UNSEALED = 'SELECT count(*) AS lines FROM bo_auth_event WHERE chain_seq IS NULL';
const SEALED = 'SELECT count(*) AS lines FROM bo_auth_event WHERE chain_seq > $1 AND chain_seq <= $2';

/** A place where the chain does not hold. */
export interface ChainFault {
  readonly seq: number;
  /** The id of the line; `null` if there is none. */
  readonly id: number | null;
  readonly says: string;
}

export interface ChainReport {
  /** How many lines verified. */
  readonly verified: number;
  /** Lines that are too new to be sealed. */
  readonly unsealed: number;
  /** Lines of an earlier chain, whose key is lost. */
  readonly uncovered: number;
  /** ms since the epoch; `null`: no line was sealed yet */
  readonly beganAt: number | null;
  readonly head: Link;
  readonly faultCount: number;
  /** The first of them. */
  readonly faults: readonly ChainFault[];
}

/** Verifies the whole chain once, while the service may go on writing, sealing and deleting. */
export class ChainVerification {
  private verified = 0;
  private faultCount = 0;
  private readonly faults: ChainFault[] = [];

  constructor(
    private readonly chain: EventChain,
    private readonly database: SqlDatabase,
    /** A head that was noted down earlier. */
    private readonly expected: Link | null,
  ) {}

  /** @throws ChainUnusable */
  async run(): Promise<ChainReport> {
    // Read first: the state that is read next is not older, so its head is not before this line.
    const lastSeq = await this.chain.states.lastSeq();
    const state = await this.chain.states.find();
    if (state === null) {
      this.compareEnds({ seq: 0, mac: '' }, { seq: 0, mac: '' });
    } else {
      await this.examineDeleted(state);
      await this.walk(state);
      if (lastSeq > state.head.seq)
        this.fault(lastSeq, null, `stands after the end of the chain, which is ${state.head.seq}`);
      this.compareEnds(state.anchor, state.head);
    }
    return {
      verified: this.verified,
      unsealed: await this.count(UNSEALED),
      uncovered: state === null ? 0 : await this.count(SEALED, 0, state.baseSeq),
      beganAt: state?.beganAt ?? null,
      head: state?.head ?? { seq: 0, mac: '' },
      faultCount: this.faultCount,
      faults: this.faults,
    };
  }

  private async examineDeleted({ anchor, baseSeq, deletedBroken }: ChainState): Promise<void> {
    if (deletedBroken > 0)
      this.fault(
        anchor.seq,
        null,
        `is the last line that was deleted after its retention; ${deletedBroken} of those had been changed or removed before`,
      );
    const returned = await this.count(SEALED, baseSeq, anchor.seq);
    if (returned > 0)
      this.fault(
        anchor.seq,
        null,
        `and the lines before it were deleted after their retention, but ${returned} are there`,
      );
  }

  private async walk({ key, anchor, head }: ChainState): Promise<void> {
    let previous = anchor;
    while (previous.seq < head.seq) {
      const rows = await this.chain.lines(previous.seq, head.seq, PAGE);
      if (seqOf(rows[0]) !== previous.seq + 1) {
        // The retention may have deleted lines since the state was read.
        const moved = (await this.chain.states.find())?.anchor;
        if (moved !== undefined && moved.seq > previous.seq) {
          previous = moved;
          continue;
        }
      }
      for (const row of rows) {
        const link = { seq: Number(row.chain_seq), mac: row.chain_mac };
        this.missing(previous.seq + 1, link.seq - 1);
        if (key.line(previous.mac, link.seq, row) === link.mac) this.verified++;
        else this.fault(link.seq, Number(row.id), 'was changed, or one before it was removed');
        if (link.seq === this.expected?.seq && link.mac !== this.expected.mac) this.unexpected(link.seq);
        previous = link;
      }
      if (rows.length === 0) {
        this.missing(previous.seq + 1, head.seq);
        return;
      }
    }
  }

  /** A head inside the chain was compared on the way. */
  private compareEnds(anchor: Link, head: Link): void {
    const { expected } = this;
    if (expected === null) return;
    if (expected.seq > head.seq)
      this.fault(expected.seq, null, `was the head before, but the chain ends at ${head.seq}`);
    else if (expected.seq < anchor.seq)
      this.fault(expected.seq, null, 'was deleted after its retention; expect a newer head');
    else if (expected.seq === anchor.seq && expected.mac !== anchor.mac) this.unexpected(expected.seq);
  }

  private unexpected(seq: number): void {
    this.fault(seq, null, 'is not the head that is expected: the chain was replaced');
  }

  private missing(from: number, to: number): void {
    for (let seq = from; seq <= to; seq++) this.fault(seq, null, 'is missing');
  }

  private fault(seq: number, id: number | null, says: string): void {
    this.faultCount++;
    if (this.faults.length < SHOWN_FAULTS) this.faults.push({ seq, id, says });
  }

  private async count(sql: string, ...values: readonly number[]): Promise<number> {
    const [row] = await this.database.all<{ lines: number | string }>(sql, values);
    return Number(row?.lines ?? 0);
  }
}

const seqOf = (row: SealedRow | undefined) => Number(row?.chain_seq);

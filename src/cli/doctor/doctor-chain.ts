import type { DataSource } from 'typeorm';
import { type ChainRow, ChainUnusable, chainStateOf } from '../../audit/chain-state.js';
import type { Config } from '../../config/config.js';
import { rows } from './doctor-rows.js';
import { failed, type Finding, ok, warning } from './finding.js';

const ABOUT = 'audit trail';
/** A running service seals events within seconds. */
const LATE_MS = 60_000;

/** Checks that the hash chain can be continued and keeps up; `bo-auth events verify` verifies it. */
export async function eventChain(dataSource: DataSource, { peppers }: Config): Promise<Finding[]> {
  const [row] = await rows<ChainRow>(dataSource, `SELECT * FROM bo_event_chain WHERE id = 'events'`);
  const [unsealed] = await rows<{ at: number | string | null }>(
    dataSource,
    'SELECT min(at) AS at FROM bo_auth_event WHERE chain_seq IS NULL',
  );
  try {
    if (row === undefined) return [];
    const { head } = chainStateOf(row, peppers);
    const behind = Date.now() - Number(unsealed?.at ?? Date.now());
    if (behind <= LATE_MS) return [ok(ABOUT, `sealed up to event ${head.seq} of the chain`)];
    return [
      warning(
        ABOUT,
        `an event of ${Math.round(behind / 1000)} s ago is not sealed`,
        'expected if the service does not run, or just after an upgrade; otherwise look for “not sealed” in its log',
      ),
    ];
  } catch (error) {
    if (!(error instanceof ChainUnusable)) throw error;
    return [
      failed(
        ABOUT,
        error.message,
        'use the TOKEN_PEPPER of the service; if it is lost, run bo-auth events restart-chain',
      ),
    ];
  }
}

import type { Strike } from './nemesis.js';
import type { Operation } from './recorder.js';

/** A failure of the server: a 5xx, or no answer although the client waited. */
export function isError({ answer, lostBy }: Operation): boolean {
  return answer === undefined ? lostBy !== 'dropped' : answer.status >= 500;
}

/**
 * A table of the faults: duration, time from the end of the fault to the next success, and the failures among requests
 * sent between its start and the start of the next fault.
 */
export function recoveries(history: readonly Operation[], struck: readonly Strike[]): string[] {
  const rows = new Map<string, Row>();
  struck.forEach((strike, index) => {
    const row = rows.get(strike.name) ?? { lasted: [], recovered: [], sent: 0, failed: 0 };
    rows.set(strike.name, row);
    const next = struck[index + 1]?.began ?? Infinity;
    const under = history.filter(({ invokedAt }) => invokedAt >= strike.began && invokedAt < next);
    row.lasted.push(strike.ended - strike.began);
    row.recovered.push(firstSuccess(history, strike.ended) - strike.ended);
    row.sent += under.length;
    row.failed += under.filter(isError).length;
  });
  return [
    `faults      times, lasted (longest), from its end to the next success (median, longest), errors until the next fault`,
    ...[...rows].sort(([a], [b]) => a.localeCompare(b)).map(([name, row]) => rowText(name, row)),
  ];
}

/** Times in ns. */
interface Row {
  readonly lasted: number[];
  readonly recovered: number[];
  sent: number;
  failed: number;
}

/** Considers only requests sent after the time: an earlier request may have been answered late. */
function firstSuccess(history: readonly Operation[], after: number): number {
  return history.reduce(
    (first, { invokedAt, answer, answeredAt = Infinity }) =>
      invokedAt >= after && answer?.status === 200 ? Math.min(first, answeredAt) : first,
    Infinity,
  );
}

function rowText(name: string, { lasted, recovered, sent, failed }: Row): string {
  const seconds = (ns: number) => `${(ns / 1e9).toFixed(2)} s`.padStart(9);
  const sorted = recovered.toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1] ?? 0;
  const share = sent === 0 ? 0 : (failed / sent) * 100;
  return `  ${String(lasted.length).padStart(4)} ${seconds(Math.max(...lasted))} ${seconds(median)} ${seconds(sorted.at(-1) ?? 0)} ${share.toFixed(1).padStart(6)} %  ${name}`;
}

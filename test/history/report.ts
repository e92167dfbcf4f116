import type { CampaignReport } from './campaign.js';
import { shortcoming } from './evidence.js';
import { isError, recoveries } from './recovery.js';
import type { Violation } from './violation.js';
import type { Operation } from './recorder.js';

/** Maximum number of violations to show in full. */
const SHOWN = 20;

/** The report of a run for a terminal. Contains fingerprints but never a token. */
export function reportText(report: CampaignReport, seed: number): string {
  const { history, verdict, struck, seconds } = report;
  const proof = shortcoming(report);
  const rate = Math.round(history.length / seconds);
  const lines = [
    `requests    ${history.length} in ${seconds.toFixed(1)} s (${rate}/s), ${verdict.families} sessions`,
    `errors      ${(share(history, isError) * 100).toFixed(2)} % (5xx or no answer that the client did not break off itself), longest time without a success ${longestSilence(history).toFixed(1)} s`,
    ...table('outcomes', count(history.map(outcomeOf))),
    ...table('401 because', new Map(Object.entries(verdict.explained))),
    ...recoveries(history, struck),
    `violations  ${verdict.violations.length}`,
    ...[...count(verdict.violations.map(({ invariant }) => invariant))].map(
      ([invariant, times]) => `  ${invariant.padEnd(10)}${times}`,
    ),
    ...verdict.violations.slice(0, SHOWN).flatMap((violation) => violationText(violation, history)),
    ...(proof === null ? [] : [`no proof    ${proof}`]),
    `seed        ${seed}`,
  ];
  return lines.join('\n');
}

function share(history: readonly Operation[], is: (operation: Operation) => boolean): number {
  return history.length === 0 ? 0 : history.filter(is).length / history.length;
}

/** The longest time between two consecutive successes of any clients, in seconds. */
function longestSilence(history: readonly Operation[]): number {
  const successes = history
    .filter(({ answer }) => answer?.status === 200)
    .map(({ answeredAt }) => answeredAt ?? 0)
    .sort((a, b) => a - b);
  return (
    successes.reduce((longest, at, index) => Math.max(longest, at - (successes[index - 1] ?? at)), 0) / 1e9
  );
}

function outcomeOf({ kind, actor, via, answer, lostBy }: Operation): string {
  const who = `${via === undefined ? '' : ' by OAuth'}${actor === 'honest' ? '' : ` (${actor})`}`;
  const what = answer === undefined ? `no answer: ${lostBy}` : `${answer.status} ${answer.errorCode ?? ''}`;
  return `${kind}${who} ${what.trim()}`;
}

function count(names: readonly string[]): Map<string, number> {
  const counted = new Map<string, number>();
  for (const name of names) counted.set(name, (counted.get(name) ?? 0) + 1);
  return new Map([...counted].sort(([a], [b]) => a.localeCompare(b)));
}

function table(title: string, rows: ReadonlyMap<string, number>): string[] {
  return [title, ...[...rows].map(([name, times]) => `  ${String(times).padStart(8)}  ${name}`)];
}

function violationText(
  { invariant, text, session, operations }: Violation,
  history: readonly Operation[],
): string[] {
  return [
    `  ${invariant}: ${text}${session === undefined ? '' : ` [session ${session}]`}`,
    ...operations.map((id) => `      ${operationText(history[id])}`),
  ];
}

function operationText(operation: Operation | undefined): string {
  if (operation === undefined) return '';
  const { id, kind, actor, chain, process, presented, invokedAt, answer, answeredAt, lostAt, lostBy } =
    operation;
  const time = (ns: number | undefined) => (ns === undefined ? '?' : (ns / 1e6).toFixed(2));
  const granted =
    answer?.grant === undefined ? '' : ` #${answer.grant.tokenSeq} ${answer.grant.refreshToken}`;
  const outcome =
    answer === undefined ? `no answer (${lostBy})` : `${answer.status} ${answer.errorCode ?? ''}${granted}`;
  const span = `${time(invokedAt)}–${time(answeredAt ?? lostAt)} ms`;
  return `${id}: ${actor} ${kind} of ${presented ?? 'the session'}, chain ${chain}, process ${process}, ${span}: ${outcome}`;
}

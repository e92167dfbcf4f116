import type { CheckResult } from './check.js';

/** The results side by side, as a Markdown table. */
export function tableOf(results: readonly CheckResult[]): string {
  const faults = [...new Set(results.flatMap((result) => Object.keys(result.faults)))].sort();
  const rows: [string, (result: CheckResult) => unknown][] = [
    ['requests of the tabs', ({ requests }) => requests],
    ['refreshes', ({ refreshes }) => refreshes],
    ['refreshes / expiries without faults', ({ calm }) => `${calm.refreshes} / ${calm.expiries}`],
    ...faults.map((fault): [string, (result: CheckResult) => unknown] => [
      fault,
      (result) => result.faults[fault] ?? 0,
    ]),
    ['**violations**', ({ violations }) => `**${violations.length}**`],
  ];
  const titles = { client: '@bo-auth/client', dpop: 'with DPoP', control: 'flag and queue' };
  return [
    `| | ${results.map(({ algorithm }) => titles[algorithm]).join(' | ')} |`,
    `| --- | ${results.map(() => '---:').join(' | ')} |`,
    ...rows.map(
      ([name, value]) => `| ${name} | ${results.map((result) => String(value(result))).join(' | ')} |`,
    ),
  ].join('\n');
}

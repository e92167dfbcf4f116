import type { Command } from 'commander';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Prints a result to standard output: `value` with `--json`, else `human`. */
export function write(command: Command, value: unknown, human: string): void {
  const text = isJson(command) ? JSON.stringify(value, null, 2) : human;
  process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
}

/** Prints a long result as it is read; stops reading when the reader of a pipe leaves. */
export async function writeStream(texts: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(texts), process.stdout, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

export function isJson(command: Command): boolean {
  return command.optsWithGlobals<{ json?: boolean }>().json === true;
}

/** Prints warnings and next steps to standard error, so that a pipe receives only the result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Formats one field per line. */
export function record(fields: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(fields);
  const width = Math.max(0, ...entries.map(([name]) => columns(name)));
  return entries.map(([name, value]) => `${padded(name, width)}  ${shown(value)}`).join('\n');
}

/** Formats one row per line below a header. */
export function table<Row extends object>(
  rows: readonly Row[],
  names: readonly (keyof Row & string)[],
): string {
  if (rows.length === 0) return 'none';
  const cells = [[...names] as string[], ...rows.map((row) => names.map((name) => shown(row[name])))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => columns(line[column] ?? ''))));
  return cells
    .map((line) => line.map((cell, column) => padded(cell, widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(', ');
  if (typeof value === 'object') return JSON.stringify(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** CJK characters and punctuation, which are two terminal columns wide. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/gu;

function columns(text: string): number {
  return [...text].length + (text.match(WIDE)?.length ?? 0);
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

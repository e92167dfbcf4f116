import { parse } from 'csv-parse';
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline, Readable } from 'node:stream';
import { usage } from '../exit-code.js';
import { codeOf } from '../secret-input.js';
import { ColumnNames, type Columns } from './columns.js';
import { textOf } from './file-text.js';

export type RecordFormat = 'csv' | 'jsonl';

/** A record of a file, or why a line is not one. */
export type FileRecord =
  | { readonly line: number; readonly input: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly reason: string };

export interface RecordFileOptions {
  /** Absent: chosen by the file extension. */
  readonly format?: string | undefined;
  readonly columns: Columns;
  /** For files without a header line: recognises them by the first line, and gives the columns. */
  readonly headless?: {
    readonly isRecord: (cells: readonly string[]) => boolean;
    readonly columns: readonly string[];
  };
}

/** For the help texts of the imports. */
export const FORMATS =
  'The CSV separator may be a comma, a semicolon or a tab. The encoding is UTF-8, or UTF-16 with a byte order mark.\n' +
  'JSON lines use the same names as keys. Unknown columns are refused unless --ignore names them.';

/** The header line that the separator is looked for in, in characters. */
const HEADER_MAX = 65_536;
const SEPARATORS = [',', ';', '\t'];

/** Streams the records of a CSV file (RFC 4180) or of JSON lines; `-` is standard input. */
export class RecordFile {
  private readonly names: ColumnNames;

  private constructor(
    private readonly stream: Readable,
    private readonly format: RecordFormat,
    private readonly options: RecordFileOptions,
    /** In bytes; `null`: unknown. */
    readonly size: number | null,
  ) {
    this.names = new ColumnNames(options.columns);
  }

  static async open(file: string, options: RecordFileOptions): Promise<RecordFile> {
    const format = formatOf(file, options.format);
    if (file === '-') return new RecordFile(process.stdin, format, options, null);
    try {
      const entry = await stat(file);
      if (!entry.isFile()) throw usage(`${JSON.stringify(file)} is not a file`);
      return new RecordFile(createReadStream(file), format, options, entry.size);
    } catch (error) {
      if (error instanceof Error && 'code' in error)
        throw usage(`the file ${JSON.stringify(file)} cannot be read (${codeOf(error)})`);
      throw error;
    }
  }

  /** How much has been read, in bytes. */
  get read(): number {
    return (this.stream as Partial<ReadStream>).bytesRead ?? 0;
  }

  records(): AsyncGenerator<FileRecord> {
    return this.format === 'csv' ? this.csv() : this.jsonLines();
  }

  private async *jsonLines(): AsyncGenerator<FileRecord> {
    let line = 0;
    const input = Readable.from(textOf(this.stream));
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      line += 1;
      const json = text.trim();
      if (json !== '') yield this.jsonRecord(line, json);
    }
  }

  private jsonRecord(line: number, json: string): FileRecord {
    try {
      const value: unknown = JSON.parse(json);
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return { line, reason: 'is not a JSON object' };
      return { line, ...this.names.ofObject(value as Record<string, unknown>) };
    } catch {
      // Not V8's message, because it quotes the line.
      return { line, reason: 'is not JSON' };
    }
  }

  private async *csv(): AsyncGenerator<FileRecord> {
    const broken: FileRecord[] = [];
    const text = textOf(this.stream);
    const head = await headerOf(text);
    const separator = separatorOf(head);
    // pipeline, not pipe: an error of the text stream must reach the reader of the records.
    const parser = pipeline(
      Readable.from(joined(head, text)),
      parse({
        delimiter: separator,
        info: true,
        relax_column_count: true,
        skip_empty_lines: true,
        skip_records_with_error: true,
        // It would take an empty cell between two tabs for white space.
        trim: separator !== '\t',
        on_skip: (error) =>
          void broken.push({ line: Number(error?.['lines'] ?? 0), reason: `is not CSV (${error?.code})` }),
      }),
      () => undefined,
    );
    let columns: readonly (string | null | undefined)[] | null = null;
    for await (const item of parser) {
      const { record, info } = item as { record: string[]; info: { lines: number } };
      yield* broken.splice(0);
      if (columns === null) {
        const { headless } = this.options;
        const isHead = headless?.isRecord(record) !== true;
        columns = isHead ? this.names.ofHeader(record) : headless.columns.slice(0, record.length);
        if (isHead) continue;
      }
      yield csvRecord(info.lines, columns, record);
    }
    yield* broken;
  }
}

/** Reads on until the first line is complete. */
async function headerOf(text: AsyncGenerator<string>): Promise<string> {
  let head = '';
  while (head.length < HEADER_MAX && !head.trimStart().includes('\n')) {
    const { value, done } = await text.next();
    if (done === true) break;
    head += value;
  }
  return head;
}

async function* joined(head: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield head;
  yield* rest;
}

/** The separator that is most frequent in the first line, outside quotes; spreadsheets use `;` in many countries. */
function separatorOf(head: string): string {
  const [line = ''] = head.trimStart().split('\n', 1);
  const bare = line.replaceAll(/"[^"]*"/g, '');
  const counted = SEPARATORS.map((separator) => ({ separator, count: bare.split(separator).length }));
  return counted.reduce((best, each) => (each.count > best.count ? each : best)).separator;
}

function csvRecord(
  line: number,
  columns: readonly (string | null | undefined)[],
  cells: readonly string[],
): FileRecord {
  if (cells.length !== columns.length)
    return { line, reason: `has ${cells.length} cells, but there are ${columns.length} columns` };
  const entries = columns.map((name, index) => [name, cells[index] ?? ''] as const);
  // An empty cell is an absent field.
  const given = entries.filter(([name, cell]) => name !== null && cell !== '');
  if (given.some(([name]) => name === undefined))
    return { line, reason: 'has a value in a column without a name' };
  return { line, input: Object.fromEntries(given) };
}

function formatOf(file: string, format: string | undefined): RecordFormat {
  const extension = extname(file).toLowerCase();
  const wanted = format ?? { '.csv': 'csv', '.tsv': 'csv', '.jsonl': 'jsonl', '.ndjson': 'jsonl' }[extension];
  if (wanted === 'csv' || wanted === 'jsonl') return wanted;
  throw usage(
    'the file extension does not tell the format: give --format csv, or --format jsonl for one JSON object per line',
  );
}

import { parse } from 'csv-parse';
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline, Readable } from 'node:stream';
import { usage } from '../exit-code.js';
import { note } from '../output.js';
import { codeOf } from '../secret-input.js';

export type RecordFormat = 'csv' | 'jsonl';

/** A record of a file, or why a line is not one. */
export type FileRecord =
  | { readonly line: number; readonly input: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly reason: string };

export interface RecordFileOptions {
  /** Absent: chosen by the file extension. */
  readonly format?: string | undefined;
  /** The known columns. Case, `_`, `-` and spaces of a header do not matter: `user_id` is `userId`. */
  readonly columns: readonly string[];
  /** Alternative header → column. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** For files without a header line: recognises them by the first line, and gives the columns. */
  readonly headless?: {
    readonly isRecord: (cells: readonly string[]) => boolean;
    readonly columns: readonly string[];
  };
}

/** Streams the records of a CSV file (RFC 4180) or of JSON lines; `-` is standard input. */
export class RecordFile {
  private constructor(
    private readonly stream: Readable,
    private readonly format: RecordFormat,
    private readonly options: RecordFileOptions,
    /** In bytes; `null`: unknown. */
    readonly size: number | null,
  ) {}

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
    for await (const text of createInterface({ input: this.text(), crlfDelay: Infinity })) {
      line += 1;
      const json = text.replace(/^\ufeff/, '').trim();
      if (json !== '') yield jsonRecord(line, json);
    }
  }

  private async *csv(): AsyncGenerator<FileRecord> {
    const broken: FileRecord[] = [];
    // pipeline, not pipe: an error of the text stream must reach the reader of the records.
    const parser = pipeline(
      this.text(),
      parse({
        bom: true,
        info: true,
        relax_column_count: true,
        skip_empty_lines: true,
        skip_records_with_error: true,
        trim: true,
        on_skip: (error) =>
          void broken.push({ line: Number(error?.['lines'] ?? 0), reason: `is not CSV (${error?.code})` }),
      }),
      () => undefined,
    );
    let columns: (string | null)[] | null = null;
    for await (const item of parser) {
      const { record, info } = item as { record: string[]; info: { lines: number } };
      yield* broken.splice(0);
      if (columns === null) {
        const { headless } = this.options;
        const isHead = headless?.isRecord(record) !== true;
        columns = isHead ? this.columnsOf(record) : [...(headless?.columns ?? [])];
        if (isHead) continue;
      }
      if (record.length > columns.length)
        yield {
          line: info.lines,
          reason: `has ${record.length} cells where there are ${columns.length} columns`,
        };
      else yield { line: info.lines, input: named(columns, record) };
    }
    yield* broken;
  }

  private text(): Readable {
    return Readable.from(utf8(this.stream));
  }

  /** `null` for a column that nothing is made of. */
  private columnsOf(head: readonly string[]): (string | null)[] {
    const { columns, aliases = {} } = this.options;
    const known = new Map([
      ...columns.map((name) => [folded(name), name] as const),
      ...Object.entries(aliases).map(([alias, name]) => [folded(alias), name] as const),
    ]);
    const found = head.map((name) => known.get(folded(name)) ?? null);
    const names = found.filter((name) => name !== null);
    if (names.length === 0)
      throw usage(`the first line must name the columns, of these: ${columns.join(', ')}`);
    if (new Set(names).size < names.length) throw usage('two columns have the same name');
    const ignored = head.filter((_, index) => found[index] === null);
    if (ignored.length > 0) note(`bo-auth: columns that are ignored: ${ignored.join(', ')}`);
    return found;
  }
}

/** Refuses other encodings: names in GBK, which spreadsheets still write, would be stored garbled. */
async function* utf8(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for await (const chunk of stream) yield decoder.decode(chunk as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw usage(
      'the file is not UTF-8: convert it, e.g. by iconv -f GB18030 -t UTF-8, and run the import again',
    );
  }
}

function formatOf(file: string, format: string | undefined): RecordFormat {
  const extension = extname(file).toLowerCase();
  const wanted = format ?? { '.csv': 'csv', '.jsonl': 'jsonl', '.ndjson': 'jsonl' }[extension];
  if (wanted === 'csv' || wanted === 'jsonl') return wanted;
  throw usage(
    'the file extension does not tell the format: give --format csv, or --format jsonl for one JSON object per line',
  );
}

function jsonRecord(line: number, json: string): FileRecord {
  try {
    const input: unknown = JSON.parse(json);
    if (typeof input === 'object' && input !== null && !Array.isArray(input))
      return { line, input: input as Record<string, unknown> };
    return { line, reason: 'is not a JSON object' };
  } catch {
    // Not V8's message, because it quotes the line.
    return { line, reason: 'is not JSON' };
  }
}

/** An empty cell is an absent field. */
function named(columns: readonly (string | null)[], cells: readonly string[]): Record<string, unknown> {
  const entries = columns.map((name, index) => [name, cells[index] ?? ''] as const);
  return Object.fromEntries(entries.filter(([name, cell]) => name !== null && cell !== ''));
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}

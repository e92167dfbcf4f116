import { usage } from '../exit-code.js';
import { note } from '../output.js';

/** The columns of a CSV file, or the keys of JSON lines, that an import knows. */
export interface Columns {
  /** Case, `_`, `-` and spaces of a name do not matter: `user_id` is `userId`. */
  readonly known: readonly string[];
  /** Alternative name → column. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** One column of each group must be there. */
  readonly required: readonly (readonly string[])[];
  /** Columns that may be there and are not used. */
  readonly unused?: readonly string[];
  /** Further columns to ignore, named by the operator; takes precedence over `known`. */
  readonly ignored: readonly string[];
}

/** Finds the columns that the names in a file stand for. */
export class ColumnNames {
  private readonly known: ReadonlyMap<string, string>;
  private readonly unused: ReadonlySet<string>;

  constructor(private readonly columns: Columns) {
    this.known = new Map([
      ...columns.known.map((name) => [folded(name), name] as const),
      ...Object.entries(columns.aliases ?? {}).map(([alias, name]) => [folded(alias), name] as const),
    ]);
    this.unused = new Set([...(columns.unused ?? []), ...columns.ignored].map(folded));
  }

  /** The column that a name stands for, `null` if it is ignored, `undefined` if it is unknown. */
  find(name: string): string | null | undefined {
    return this.unused.has(folded(name)) ? null : this.known.get(folded(name));
  }

  /**
   * The column of each cell: `null` for a cell that is ignored, `undefined` for one that has no name and must be empty.
   *
   * @throws CommandError (usage) for unknown, repeated and missing columns
   */
  ofHeader(head: readonly string[]): (string | null | undefined)[] {
    const found = head.map((name) => this.find(name));
    const unknown = head.filter((name, index) => name !== '' && found[index] === undefined);
    const names = found.filter((name) => typeof name === 'string');
    if (names.length === 0)
      throw usage(`the first line must name the columns, of these: ${this.columns.known.join(', ')}`);
    if (unknown.length > 0)
      throw usage(
        `unknown columns: ${unknown.join(', ')}; known are: ${this.columns.known.join(', ')}. ` +
          `To import without them: --ignore ${JSON.stringify(unknown.join(','))}`,
      );
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated !== undefined) throw usage(`two columns have the same name: ${repeated}`);
    for (const group of this.columns.required)
      if (!group.some((name) => names.includes(name)))
        throw usage(`the first line lacks the column ${group.join(' or ')}`);
    const unused = head.filter((_, index) => found[index] === null);
    if (unused.length > 0) note(`bo-auth: ignored columns: ${unused.join(', ')}`);
    return found;
  }

  /** A JSON object with its keys replaced by the columns that they stand for, or why that is not possible. */
  ofObject(
    input: Readonly<Record<string, unknown>>,
  ): { readonly input: Readonly<Record<string, unknown>> } | { readonly reason: string } {
    const fields = new Map<string, unknown>();
    for (const [key, value] of Object.entries(input)) {
      const name = this.find(key);
      if (name === null) continue;
      // The schema refuses unknown keys.
      const field = name ?? key;
      if (fields.has(field)) return { reason: `has ${field} twice` };
      fields.set(field, value);
    }
    return { input: Object.fromEntries(fields) };
  }
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}

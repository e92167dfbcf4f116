import type { Answer } from './peer.js';
import type { Group, Row } from './row.js';

const FIELDS = [
  'status',
  'error',
  'body',
  'WWW-Authenticate',
  'Cache-Control',
  'Content-Type',
  'DPoP-Nonce',
] as const satisfies readonly (keyof Answer)[];

/** What differs, apart from what differs throughout the group. */
export function differingFields(
  { standing }: Group,
  ours: Answer,
  theirs: Answer,
): readonly (keyof Answer)[] {
  const ignored: readonly string[] = standing?.headers ?? [];
  return FIELDS.filter((field) => ours[field] !== theirs[field] && !ignored.includes(field));
}

const INTRODUCTION = `# OAuth conformance

The same requests, sent to bo-auth and to [oidc-provider](https://github.com/panva/node-oidc-provider), a certified implementation. Compared are the status, \`error\`, the members of a successful answer, and the headers \`WWW-Authenticate\`, \`Cache-Control\`, \`Content-Type\` and \`DPoP-Nonce\`. A test sends them again and compares the answers with this page, and each difference must have an explanation.

Where the answers are equal, the table has one column for both. A header is named where it differs. \`shop\` and \`other\` are confidential clients, \`page\` is a public one; unless the row says otherwise, \`shop\` authenticates by HTTP Basic.
`;

type Lookup = (group: Group, row: Row) => readonly [Answer, Answer] | undefined;

/** The page, as Prettier formats it. */
export function documentOf(groups: readonly Group[], answersOf: Lookup): string {
  const rows = groups.flatMap((group) => group.rows);
  const count = rows.filter(({ difference }) => difference !== undefined).length;
  const sections = groups.map((group) => {
    const lines = group.rows.map((row) => cellsOf(group, row, answersOf(group, row)));
    const why =
      group.standing === undefined
        ? ''
        : `${group.standing.headers.join(' and ')} differ throughout: ${group.standing.why}\n\n`;
    return `## ${group.title}\n\n${why}${table([['request', 'bo-auth', 'oidc-provider', 'why they differ'], ...lines])}`;
  });
  return `${INTRODUCTION}\n${rows.length} requests, ${count} differences.\n\n${sections.join('\n')}`;
}

function cellsOf(
  group: Group,
  { name, difference }: Row,
  both: readonly [Answer, Answer] | undefined,
): readonly string[] {
  if (both === undefined) return [name, '', '', ''];
  const [ours, theirs] = both;
  const differing = differingFields(group, ours, theirs);
  const theirText = differing.length === 0 ? 'the same' : textOf(theirs, differing);
  return [name, textOf(ours, differing), theirText, difference ?? ''];
}

function textOf(answer: Answer, differing: readonly (keyof Answer)[]): string {
  const named = differing.filter((field) => !['status', 'error', 'body'].includes(field));
  return [
    [answer.status, code(answer.error)].filter(Boolean).join(' '),
    ...(answer.body === '' ? [] : [code(answer.body)]),
    ...named.map((field) => `${field}: ${code(String(answer[field])) || 'none'}`),
  ].join('; ');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length), 3));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length)).join(' | ')} |\n`;
  const [head, ...rest] = rows.map(line);
  return `${head}| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n${rest.join('')}`;
}

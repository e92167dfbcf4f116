import type { Page, PageRequest } from '../response/page.js';
import { usage } from './exit-code.js';
import { note } from './output.js';

const PAGE = 200;
export const LIMIT_OPTION = ['--limit <number>', 'maximum number of rows', '1000'] as const;

/** Reads a list page by page up to `--limit`, and notes on standard error if it has more. */
export async function everyPage<T>(
  limitText: string,
  read: (page: PageRequest) => Promise<Page<T>>,
): Promise<T[]> {
  if (!/^[1-9]\d{0,6}$/.test(limitText)) throw usage('--limit must be a whole number from 1 to 9999999');
  const limit = Number(limitText);
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await read({ limit: Math.min(PAGE, limit - items.length), cursor });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  if (cursor !== undefined) note(`bo-auth: the list is longer; raise --limit (${limit}) to see more`);
  return items;
}

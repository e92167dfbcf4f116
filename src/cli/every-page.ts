import type { Page, PageRequest } from '../admin/page.js';
import { usage } from './exit-code.js';
import { note } from './output.js';

const PAGE = 200;
export const LIMIT_OPTION = ['--limit <number>', 'at most so many lines', '1000'] as const;

/** Collects a list page by page, and says so when there is more of it. */
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
  if (cursor !== undefined) note(`bo-auth: there are more; --limit shows more than ${limit}`);
  return items;
}

import { Injectable } from '@nestjs/common';
import { JSON_ITEMS } from '../../database/json-items.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { openFeed } from './open-feed.js';

/** At most this many entries are read at once. */
export const PAGE = 1000;

/** One statement, and so one snapshot: it sees the head and all entries up to it. It finds no feed until it is filled. */
const READ = `
  SELECT head.seq AS head, entry.seq, entry.session_id, entry.user_id, entry.issued_before, entry.expires_at
  FROM bo_revocation_head AS head LEFT JOIN bo_revocation AS entry
    ON entry.owner_id = head.owner_id AND entry.seq > $2 AND entry.expires_at > $3
  WHERE head.owner_id = $1 AND head.filled_at IS NOT NULL ORDER BY entry.seq LIMIT ${PAGE}`;

const headsOf = (items: string) => `
  SELECT owner_id, seq FROM bo_revocation_head WHERE owner_id IN (SELECT item.value ->> 0 FROM ${items} AS item)`;
const HEADS = { sqlite: headsOf(JSON_ITEMS.sqlite), postgres: headsOf(JSON_ITEMS.postgres) } as const;

/** The limit is part of the text, for the same reason as that of the sessions' clean-up. */
const purge = (limit: number) => `
  DELETE FROM bo_revocation WHERE (owner_id, seq) IN (
    SELECT owner_id, seq FROM bo_revocation WHERE expires_at < $1 ORDER BY expires_at LIMIT ${Math.trunc(limit)}
  ) RETURNING seq`;

interface Row {
  readonly head: number | string;
  readonly seq: number | string | null;
  readonly session_id: string | null;
  readonly user_id: string | null;
  readonly issued_before: number | string | null;
  readonly expires_at: number | string;
}

/** What a service that verifies access tokens itself must refuse. */
export interface Revocations {
  /** Sessions, and until when a token of theirs could be valid, in seconds. */
  readonly ended: readonly { readonly sid: string; readonly exp: number }[];
  /** Users, and before which time (ms) their tokens were issued. */
  readonly users: readonly { readonly id: string; readonly before: number }[];
}

export interface FeedPage extends Revocations {
  /** The number up to which the reader has now read. */
  readonly seq: number;
}

/** The sessions that have ended and the users who were logged out everywhere, for as long as a token of theirs is valid. */
@Injectable()
export class RevocationFeed {
  constructor(private readonly database: SqlDatabase) {}

  /**
   * The next entries after a number, which begin with 0. The first reader of a project opens its feed.
   *
   * @returns `null` if the feed has not come to this number: it was read before the database was restored from a copy
   */
  async read(ownerId: string, after: number, now: number): Promise<FeedPage | null> {
    const rows = await this.database.all<Row>(READ, [ownerId, after, now]);
    const [first] = rows;
    if (first !== undefined) return Number(first.head) < after ? null : pageOf(rows, Number(first.head));
    await openFeed(this.database, ownerId, now);
    return this.read(ownerId, after, now);
  }

  /** The last numbers of the feeds of projects. */
  async heads(ownerIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const items = ownerIds.map((ownerId) => [ownerId]);
    const rows = await this.database.all<{ owner_id: string; seq: number | string }>(
      HEADS[this.database.kind],
      [JSON.stringify(items)],
    );
    return new Map(rows.map(({ owner_id, seq }) => [owner_id, Number(seq)]));
  }

  /** Deletes at most `limit` entries whose last token expired before `before`. @returns how many */
  async purge(before: number, limit: number): Promise<number> {
    const deleted = await this.database.transact((transaction) => transaction.all(purge(limit), [before]));
    return deleted.length;
  }
}

function pageOf(rows: readonly Row[], head: number): FeedPage {
  const ended: { sid: string; exp: number }[] = [];
  const users: { id: string; before: number }[] = [];
  for (const { session_id, user_id, issued_before, expires_at } of rows) {
    if (session_id !== null) ended.push({ sid: session_id, exp: Math.ceil(Number(expires_at) / 1000) });
    if (user_id !== null) users.push({ id: user_id, before: Number(issued_before) });
  }
  // Up to the head even where the last entries are left out, as no token of theirs is valid any more.
  return { ended, users, seq: rows.length < PAGE ? head : Number(rows.at(-1)?.seq) };
}

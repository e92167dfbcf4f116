import { createHmac } from 'node:crypto';
import { detailOf, type EventRow } from './audit-trail.js';
import { withUserIds } from './user-id-fields.js';

/** A place in the chain, and the MAC of the line there, which covers all lines before it. */
export interface Link {
  readonly seq: number;
  readonly mac: string;
}

/** A head for people to note down; `bo-auth events verify --expect` takes it. */
export const headText = ({ seq, mac }: Link): string => `${seq}.${mac}`;

/** @returns `null` if the text is no head */
export function parseHead(text: string): Link | null {
  const [, seq, mac] = /^(\d{1,15})\.([\w-]{43})$/.exec(text) ?? [];
  return seq === undefined || mac === undefined ? null : { seq: Number(seq), mac };
}

const PSEUDONYM = /^deleted:[A-Za-z0-9_-]{22}$/;
const PSEUDONYM_CHARACTERS = 22;

/** The secret key of the chain. Without it, nobody can make a MAC, or tell whose pseudonym one is. */
export class ChainKey {
  constructor(private readonly secret: Buffer) {}

  /**
   * The MAC of a line. It covers the pseudonym of a user instead of the id, so the trail can forget a user later without
   * breaking the chain.
   *
   * @param previous the MAC of the line before
   */
  line(previous: string, seq: number, row: EventRow): string {
    const { id, at, owner_id, user_id, session_id, kind } = row;
    const anonymous = (userId: string) => this.pseudonym(owner_id, userId);
    // What the detail says counts, not how it is written. Text that is not ours counts as it is.
    const detail = detailOf(row.detail);
    return this.mac('line', [
      previous,
      seq,
      Number(id),
      Number(at),
      owner_id,
      anonymous(user_id),
      session_id,
      kind,
      detail === null ? row.detail : withUserIds(detail, anonymous),
    ]);
  }

  /** Signs the row about the chain as a whole. */
  state(fields: readonly (string | number)[]): string {
    return this.mac('state', fields);
  }

  /** What stands for a deleted user. A pseudonym stands for itself; the empty id is no user. */
  pseudonym(ownerId: string, userId: string): string {
    if (userId === '' || PSEUDONYM.test(userId)) return userId;
    return `deleted:${this.mac('user', [ownerId, userId]).slice(0, PSEUDONYM_CHARACTERS)}`;
  }

  private mac(purpose: string, fields: readonly unknown[]): string {
    return createHmac('sha256', this.secret)
      .update(JSON.stringify([purpose, ...fields]))
      .digest('base64url');
  }
}

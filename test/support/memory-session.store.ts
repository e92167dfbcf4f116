import type { AuthEvent } from '../../src/audit/auth-event.js';
import { MAX_GENERATION } from '../../src/auth/refresh-token/refresh-token.js';
import type {
  EndReason,
  NewSession,
  SeenSession,
  Session,
  SessionChange,
} from '../../src/auth/session/session.js';
import {
  type Opening,
  type SessionLimits,
  type SessionPage,
  SessionStore,
} from '../../src/auth/session/session.store.js';
import { StoreUnavailable } from '../../src/database/store-unavailable.js';

interface Subject {
  active: boolean;
  validAfter: number;
}

type Row = Omit<Session, 'subject'>;

function isAsSeen(row: Row, seen: SeenSession): boolean {
  const isTip = row.generation === seen.generation && row.branch === seen.branch;
  return isTip && row.superseded === seen.superseded;
}

/** The simplest implementation of the port, in memory. Each step runs synchronously and is therefore atomic. */
export class MemorySessionStore extends SessionStore {
  readonly events: AuthEvent[] = [];
  private readonly rows = new Map<string, Row>();
  private readonly users = new Map<string, Subject>();
  private readonly projects = new Map<string, { active: boolean }>();

  addProject(ownerId: string): void {
    this.projects.set(ownerId, { active: true });
  }

  addUser(ownerId: string, userId: string): void {
    this.users.set(`${ownerId}/${userId}`, { active: true, validAfter: 0 });
  }

  setProject(ownerId: string, active: boolean): void {
    this.projects.set(ownerId, { active });
  }

  setUser(ownerId: string, userId: string, active: boolean): void {
    this.subject({ ownerId, userId }).active = active;
  }

  override async open(session: NewSession, limits: SessionLimits, event: AuthEvent): Promise<Opening> {
    const user = this.users.get(`${session.ownerId}/${session.userId}`);
    if (!user?.active || session.createdAt < user.validAfter) return { kind: 'user-changed' };
    const { perUser, perClient, whenFull } = limits;
    const others = this.alive(session.ownerId, session.userId, session.createdAt);
    const ofClient = others.filter(({ clientId }) => clientId === session.clientId);
    if (
      whenFull === 'refuse' &&
      (others.length >= (perUser ?? Infinity) || ofClient.length >= (perClient ?? Infinity))
    )
      return { kind: 'full' };
    const imported = (row: Row) =>
      row.ownerId === session.ownerId && row.importedTokenHash === session.importedTokenHash;
    if (this.rows.has(session.id)) throw new StoreUnavailable('id');
    if (session.importedTokenHash !== null && [...this.rows.values()].some(imported))
      throw new StoreUnavailable('imported');
    this.write(event);
    this.rows.set(session.id, { ...session, status: 'active', endReason: null });
    const beyond = ofClient.slice(Math.max(0, (perClient ?? Infinity) - 1)).map(({ id }) => id);
    const left = others.filter(({ id }) => !beyond.includes(id));
    const replaced = [...beyond, ...left.slice(Math.max(0, (perUser ?? Infinity) - 1)).map(({ id }) => id)];
    for (const id of replaced) {
      this.change(id, { status: 'ended', endReason: 'evicted' });
      this.write({ ...event, kind: 'evicted', sessionId: id });
    }
    return { kind: 'opened', replaced };
  }

  override async find(ownerId: string, sessionId: string): Promise<Session | null> {
    return this.look(ownerId, sessionId);
  }

  override async findImported(ownerId: string, tokenHash: string): Promise<string | null> {
    for (const row of this.rows.values())
      if (row.ownerId === ownerId && row.importedTokenHash === tokenHash) return row.id;
    return null;
  }

  override async move(seen: SeenSession, next: SessionChange, event: AuthEvent | null): Promise<boolean> {
    const session = this.look(seen.ownerId, seen.id);
    if (session === null || session.status === 'ended') return false;
    if (!isAsSeen(session, seen)) return false;
    if (!session.subject.active || session.createdAt < session.subject.validAfter) return false;
    if (event !== null) this.write(event);
    const { generation, branch, tokenSeq, rotatedAt, idleExpiresAt, superseded } = next;
    const { firstShareUserId, secondShareUserId } = next;
    this.change(seen.id, {
      generation,
      branch,
      tokenSeq,
      rotatedAt,
      idleExpiresAt,
      superseded,
      firstShareUserId,
      secondShareUserId,
    });
    return true;
  }

  override async end(
    seen: SeenSession,
    reason: EndReason,
    now: number,
    event: AuthEvent | null,
  ): Promise<boolean> {
    const row = this.rows.get(seen.id);
    if (row?.ownerId !== seen.ownerId || row.status === 'ended') return false;
    if (reason === 'reused' && !isAsSeen(row, seen)) return false;
    const isExpired =
      now >= Math.min(row.expiresAt, row.idleExpiresAt ?? Infinity) || row.generation === MAX_GENERATION;
    if (reason === 'expired' && !isExpired) return false;
    if (event !== null) this.write(event);
    this.change(seen.id, { status: 'ended', endReason: reason });
    return true;
  }

  override async list(ownerId: string, userId: string, now: number, page?: SessionPage): Promise<Session[]> {
    const all = this.alive(ownerId, userId, now).map((row) => this.session(row));
    if (page === undefined) return all;
    const begin = page.after === null ? 0 : all.findIndex(({ id }) => id === page.after?.id) + 1;
    return all.slice(begin, begin + page.limit);
  }

  override async endOthers(keep: Session, now: number, event: AuthEvent): Promise<string[]> {
    const ended = this.alive(keep.ownerId, keep.userId, now).filter(({ id }) => id !== keep.id);
    if (ended.length > 0) this.write({ ...event, detail: { ...event.detail, ended: ended.length } });
    for (const { id } of ended) this.change(id, { status: 'ended', endReason: 'logged-out' });
    return ended.map(({ id }) => id);
  }

  override async endAll(
    ownerId: string,
    userId: string,
    reason: EndReason,
    now: number,
    event: AuthEvent,
  ): Promise<string[]> {
    const ended = this.alive(ownerId, userId, now).map(({ id }) => id);
    this.write({ ...event, detail: { ...event.detail, ended: ended.length } });
    for (const id of ended) this.change(id, { status: 'ended', endReason: reason });
    const created = [...this.rows.values()]
      .filter((row) => row.ownerId === ownerId && row.userId === userId)
      .map(({ createdAt }) => createdAt);
    const subject = this.subject({ ownerId, userId });
    subject.validAfter = Math.max(subject.validAfter, Math.max(now, ...created) + 1);
    return ended;
  }

  override async purge(before: number, limit: number): Promise<number> {
    const ids = [...this.rows.values()]
      .filter(({ expiresAt }) => expiresAt < before)
      .sort((a, b) => a.expiresAt - b.expiresAt)
      .slice(0, limit)
      .map(({ id }) => id);
    for (const id of ids) this.rows.delete(id);
    return ids.length;
  }

  private look(ownerId: string, sessionId: string): Session | null {
    const row = this.rows.get(sessionId);
    return row?.ownerId === ownerId ? this.session(row) : null;
  }

  /** Newest first. */
  private alive(ownerId: string, userId: string, now: number): Row[] {
    return [...this.rows.values()]
      .filter((row) => row.ownerId === ownerId && row.userId === userId && row.status === 'active')
      .filter((row) => row.expiresAt > now && (row.idleExpiresAt ?? Infinity) > now)
      .filter((row) => row.createdAt >= this.subject(row).validAfter)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  private session(row: Row): Session {
    const { active, validAfter } = this.subject(row);
    const projectActive = this.projects.get(row.ownerId)?.active === true;
    return { ...row, subject: { active: active && projectActive, projectActive, validAfter } };
  }

  private subject({ ownerId, userId }: Pick<Session, 'ownerId' | 'userId'>): Subject {
    const subject = this.users.get(`${ownerId}/${userId}`);
    if (subject === undefined) throw new StoreUnavailable('no such user');
    return subject;
  }

  private change(id: string, change: Partial<Row>): void {
    const row = this.rows.get(id);
    if (row !== undefined) this.rows.set(id, { ...row, ...change });
  }

  private write(event: AuthEvent): void {
    if (typeof event.kind !== 'string') throw new StoreUnavailable('an event without a kind');
    this.events.push(event);
  }
}

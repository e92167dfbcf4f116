import { ChangeLog } from '../../src/cache/change-log.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { OPERATOR, sha256 } from '../admin/administration.js';
import { call, login, startApp, type TestApp } from '../support/app.js';
import { TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/temporary.js';

/** Two processes on one database, without Redis: one that changes projects and users, and one whose reads are noted. */
export class ObservedPair {
  /** The projects and users that the reader has read from the database, and its checks of the log, as `check`. */
  readonly reads: string[] = [];
  /** With this, all the reader's statements fail. */
  failure: Error | null = null;
  /** With this, its checks fail. */
  logFailure: Error | null = null;
  private held: { readonly userId: string; readonly hold: () => Promise<void> } | null = null;

  private constructor(
    readonly writer: TestApp,
    readonly reader: TestApp,
    readonly url: string,
    private readonly discard: () => Promise<void>,
  ) {
    const database = reader.app.get(SqlDatabase, { strict: false });
    const find = database.find.bind(database);
    const all = database.all.bind(database);
    database.find = async (select, values) => {
      if (/^bo_(project|user)$/.test(select.from)) this.reads.push(values.join('/'));
      const found = find(select, values);
      if (this.held === null || values[1] !== this.held.userId) return found as never;
      await found;
      await this.held.hold();
      return found as never;
    };
    database.all = async (sql, values) => {
      const isCheck = sql.includes('FROM bo_change');
      if (isCheck) this.reads.push('check');
      const failure = this.failure ?? (isCheck ? this.logFailure : null);
      if (failure !== null) throw failure;
      return all(sql, values);
    };
  }

  static async start(kind: 'sqlite' | 'postgres'): Promise<ObservedPair> {
    const folder = temporaryFolder();
    const postgres = kind === 'postgres' ? await TestDatabase.create() : null;
    const url = postgres?.url ?? `sqlite:${folder.path}/changes.sqlite`;
    const env = { DATABASE_URL: url, OPERATOR_TOKEN_HASH: sha256(OPERATOR) };
    return new ObservedPair(await startApp(env), await startApp(env), url, async () => {
      await postgres?.drop();
      folder.remove();
    });
  }

  get changeLog(): ChangeLog {
    return this.reader.app.get(ChangeLog, { strict: false });
  }

  /** Holds back the row of a user that the reader reads next, once the database has returned it. */
  holdNextRead(userId: string): { readonly done: Promise<void>; readonly release: () => void } {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const done = new Promise<void>((resolve) => {
      this.held = {
        userId,
        hold: () => {
          this.held = null;
          resolve();
          return released;
        },
      };
    });
    return { done, release };
  }

  async close(): Promise<void> {
    await Promise.all([this.writer.close(), this.reader.close()]);
    await this.discard();
  }
}

/** A signed-in user of `acme`, as the reader knows them. */
export class ObservedUser {
  private constructor(
    private readonly pair: ObservedPair,
    readonly userId: string,
    private readonly bearer: string,
    /** Of a user who stays active. */
    private readonly bystander: string,
  ) {}

  static async signIn(pair: ObservedPair, userId: string): Promise<ObservedUser> {
    const [own, alice] = await Promise.all([login(pair.reader, { user: userId }), login(pair.reader)]);
    return new ObservedUser(pair, userId, own.accessToken, alice.accessToken);
  }

  /** @returns the roles that the reader believes the user to have, or why it refuses them */
  async look(): Promise<string> {
    const ask = (bearer: string) =>
      call<{ roleId: string[] }>(this.pair.reader, {
        url: '/auth/user',
        bearer,
        headers: { XuserFromFirstShareId: this.userId },
      });
    // A session tells by itself whether its own user is active. Of a sharing user only the copy tells.
    const shared = await ask(this.bystander);
    if (shared.body.data === null) return `${shared.status} ${shared.body.error.errorCode}`;
    return `roles ${(await ask(this.bearer)).body.data?.roleId.join(',')}`;
  }
}

/** Makes all copies older than is believed without a check. */
export const later = (pair: ObservedPair): void => pair.reader.clock.advance(STALENESS_MS + 1);

import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import {
  type Answer,
  call,
  dataOf,
  login,
  refresh,
  refusalOf,
  startApp,
  type TestApp,
} from '../support/app.js';

/** The longest that a caller may be kept waiting by a database that does not answer. */
const BOUND_MS = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'bo-outage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function timed<T>(answer: Promise<T>): Promise<{ answer: T; ms: number }> {
  const begin = performance.now();
  return { answer: await answer, ms: performance.now() - begin };
}

/** 503 with `Retry-After`, in time, never 401: a client throws its token away on that. */
function expectUnavailable({ answer, ms }: { answer: Answer; ms: number }): void {
  expect(refusalOf(answer)).toBe('503 UNAVAILABLE');
  expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  expect(ms).toBeLessThan(BOUND_MS);
}

const revoke = (test: TestApp, payload: object) =>
  call(test, { method: 'POST', url: '/auth/token/revoke', payload });

describe('a database that another process has locked', () => {
  const file = join(folder, 'locked.sqlite');
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ DATABASE_URL: `sqlite:${file}` });
  });
  afterAll(() => test.close());

  /** @returns what ends the other process, and with it the lock */
  async function lock(): Promise<() => Promise<void>> {
    const script = `
      const database = new (require(${JSON.stringify(resolve('node_modules/sqlite3'))}).Database)(process.argv[1]);
      database.exec('PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE', (error) => console.log(error ?? 'locked'));
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = await new Promise<string>((done) => {
      holder.stdout.once('data', (chunk: Buffer) => done(chunk.toString().trim()));
    });
    expect(said).toBe('locked');
    return async () => {
      const ended = new Promise((done) => {
        holder.once('exit', done);
      });
      holder.kill('SIGKILL');
      await ended;
    };
  }

  it('503 in bounded time, recovery by itself, and every chain goes on', async () => {
    const grants = await Promise.all(Array.from({ length: 10 }, () => login(test)));
    const [ended, ...chains] = grants as [TokenGrant, ...TokenGrant[]];
    const release = await lock();
    try {
      // What only reads is answered.
      const bearer = ended.accessToken;
      expect((await call(test, { url: '/auth/user', bearer })).status).toBe(200);
      expect((await refresh(test, 'a'.repeat(32))).status).toBe(401);
      const payload = { userName: 'bob', password: 'bob-password' };
      const attempts: Promise<Answer>[] = [
        ...chains.map(({ refreshToken }) => refresh(test, refreshToken)),
        revoke(test, ended),
        call(test, { method: 'POST', url: '/auth/token', payload }),
        call(test, { method: 'DELETE', url: '/auth/sessions?scope=all', bearer }),
      ];
      for (const outcome of await Promise.all(attempts.map(timed))) expectUnavailable(outcome);
    } finally {
      await release();
    }
    // Nothing that was refused has happened.
    for (const chain of [ended, ...chains]) {
      const next = dataOf(await refresh(test, chain.refreshToken));
      expect(next.tokenSeq).toBe(2);
      expect(dataOf(await refresh(test, next.refreshToken)).tokenSeq).toBe(3);
    }
    expect((await revoke(test, ended)).status).toBe(200);
    expect((await refresh(test, ended.refreshToken)).status).toBe(401);
  });

  it('for only a moment, costs no client its answer', async () => {
    const { refreshToken } = await login(test);
    const release = await lock();
    const answer = refresh(test, refreshToken);
    await release();
    expect((await answer).status).toBe(200);
  });
});

/** A small disk needs the right to mount; otherwise the report lists the test as skipped. */
const mayMount = ((): boolean => {
  const mount = mkdtempSync(join(folder, 'probe-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mount], { stdio: 'ignore' });
    execFileSync('umount', [mount]);
    return true;
  } catch {
    return false;
  }
})();

describe('a disk that is full', () => {
  const name = '503 in bounded time, recovery by itself, and every chain goes on';
  if (!mayMount) {
    it.skip(`${name} (left out: a small tmpfs can only be mounted by root)`, () => undefined);
    return;
  }

  it(name, async () => {
    const mount = mkdtempSync(join(folder, 'tmpfs-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]);
    const ballast = join(mount, 'ballast');
    const test = await startApp({ DATABASE_URL: `sqlite:${join(mount, 'full.sqlite')}` });
    try {
      const chains = [await login(test), await login(test, { user: 'bob' })];
      const { bavail, bsize } = statfsSync(mount);
      writeFileSync(ballast, Buffer.alloc(bavail * bsize));
      // The write-ahead log may have room left over from earlier: it is used up.
      const tips = [...chains];
      let refused = 0;
      for (let i = 0; i < 2_000 && refused < 5; i++) {
        const at = i % 2;
        const outcome = await timed(refresh(test, tips[at]!.refreshToken));
        if (outcome.answer.status === 200) tips[at] = dataOf(outcome.answer);
        else {
          expectUnavailable(outcome);
          refused++;
        }
      }
      expect(refused).toBe(5);
      const ready = async () =>
        (await call(test, { url: '//health/ready', owner: null, verify: null })).status;
      expect(await ready()).toBe(503);
      unlinkSync(ballast);
      expect(await ready()).toBe(200);
      for (const tip of tips) {
        const next = dataOf(await refresh(test, tip.refreshToken));
        expect(next.tokenSeq).toBe(tip.tokenSeq + 1);
        expect((await refresh(test, next.refreshToken)).status).toBe(200);
      }
      expect((await login(test)).tokenSeq).toBe(1);
    } finally {
      await test.close();
      execFileSync('umount', [mount]);
    }
  });
});

describe('a database file that was destroyed', () => {
  it('is noticed by /health/ready, and by no 401', async () => {
    const file = join(folder, 'destroyed.sqlite');
    const test = await startApp({ DATABASE_URL: `sqlite:${file}` });
    const { refreshToken } = await login(test);
    const health = () => call(test, { url: '//health/ready', owner: null, verify: null });
    expect((await health()).status).toBe(200);
    for (const suffix of ['', '-wal', '-shm']) writeFileSync(file + suffix, Buffer.alloc(65_536, 'x'));
    test.clock.advance(STALENESS_MS + 1);
    const answer = await refresh(test, refreshToken);
    expect([answer.status, answer.text.includes('SQLITE')]).toEqual([503, false]);
    expect((await health()).status).toBe(503);
    expect((await call(test, { url: '//health/live', owner: null, verify: null })).status).toBe(200);
    await test.close().catch(() => undefined);
  });
});

describe('a database file that is deleted or replaced while it is used', () => {
  it.each(['deleted', 'replaced'])('%s: 503 and not ready, instead of writes that are lost', async (how) => {
    const file = join(folder, `${how}.sqlite`);
    const test = await startApp({ DATABASE_URL: `sqlite:${file}` });
    const { refreshToken } = await login(test);
    const ready = async () => (await call(test, { url: '//health/ready', owner: null, verify: null })).status;
    expect(await ready()).toBe(200);
    renameSync(file, `${file}.away`);
    if (how === 'replaced') copyFileSync(`${file}.away`, file);
    expect(await ready()).toBe(503);
    expectUnavailable(await timed(refresh(test, refreshToken)));
    renameSync(`${file}.away`, file);
    expect(await ready()).toBe(200);
    expect((await refresh(test, refreshToken)).status).toBe(200);
    await test.close();
  });
});

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import CryptoJS from 'crypto-js';
import { DpopClient } from '../auth/dpop-client.js';
import type { Inspection } from '../../src/cli/token/token-inspection.js';
import { call, type TestApp, startApp } from '../support/app.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { folder, database, bo, json, file, sha256, openWorkplace } from './workplace.js';

openWorkplace();

describe('beside a running server, on the same file', () => {
  let server: TestApp;
  beforeAll(async () => {
    server = await startApp({ DATABASE_URL: database, PLUGINS_DIR: join(folder, 'plugins') });
  });
  afterAll(() => server.close());

  const seal = (key: string, text = `${randomUUID()}|${Date.now()}`) =>
    CryptoJS.DES.encrypt(text, CryptoJS.enc.Utf8.parse(key), {
      mode: CryptoJS.mode.ECB,
      padding: CryptoJS.pad.Pkcs7,
    }).toString();

  async function login(password = 'u1-password', headers = {}): Promise<TokenGrant> {
    const answer = await call<TokenGrant>(server, {
      method: 'POST',
      url: '/auth/token',
      owner: 'shop',
      verify: seal('shop-key'),
      payload: { userName: 'u1', password },
      headers,
    });
    if (answer.body.data === null) throw new Error(answer.text);
    return answer.body.data;
  }
  const refresh = (token: string) =>
    call<TokenGrant>(server, {
      url: `/auth/token/refresh?refreshToken=${encodeURIComponent(token)}`,
      owner: 'shop',
      verify: seal('shop-key'),
    });
  const inspect = async (text: string, ...more: string[]) => {
    const ended = await bo(['token', 'inspect', '--json', ...more], { input: text });
    return { code: ended.code, ...(JSON.parse(ended.stdout) as Inspection) };
  };

  it('prints an XverifyApi value that the server accepts', async () => {
    const { stdout } = await bo(['verify-header', 'shop']);
    const answer = await call(server, { url: '/auth/user', owner: 'shop', verify: stdout.trim() });
    expect(answer.body.error.errorCode).toBe('ACCESS_TOKEN_REFUSED');
    expect((await bo(['verify-header', 'nowhere'])).code).toBe(1);
  });

  it('explains tokens', async () => {
    const grant = await login();
    expect(await inspect(`Bearer ${grant.accessToken}`)).toMatchObject({
      code: 0,
      kind: 'access-token',
      verifies: true,
      holds: { claims: { owner_id: 'shop', id: 'u1' }, header: { alg: 'HS256' } },
    });
    expect(await inspect(grant.refreshToken)).toMatchObject({
      code: 0,
      kind: 'refresh-token',
      verifies: true,
      says: [expect.stringContaining('rotates it')],
      holds: { ownerId: 'shop', userId: 'u1', generation: 0 },
    });
    const client = await DpopClient.of(server);
    const bound = await login(undefined, { DPoP: await client.proof('POST', '/auth/token') });
    expect(await inspect(bound.refreshToken)).toMatchObject({ holds: { dpopKey: client.jkt } });
    expect(await inspect(`DPoP ${bound.accessToken}`)).toMatchObject({ verifies: true });
    const [head, body, signature = ''] = grant.accessToken.split('.');
    const damaged = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await inspect(damaged)).toMatchObject({ code: 1, says: [expect.stringContaining('signature')] });
    const forged = `${grant.refreshToken.slice(0, -1)}${grant.refreshToken.endsWith('0') ? '1' : '0'}`;
    expect(await inspect(forged)).toMatchObject({ code: 1, says: [expect.stringContaining('MAC is wrong')] });
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await inspect(`${none}.${body}.`)).toMatchObject({ code: 1, kind: 'access-token' });
    const other = await bo(['token', 'inspect', grant.accessToken], {
      env: { JWT_SECRET: 'another secret' },
    });
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining('signed with another key')]);
    const lost = await bo(['token', 'inspect', grant.refreshToken], { env: { TOKEN_PEPPER: 'new:other' } });
    expect([lost.code, lost.stdout]).toEqual([1, expect.stringContaining('has no pepper 0')]);

    const next = await refresh(grant.refreshToken);
    expect((await inspect(grant.refreshToken)).says[0]).toContain('same successor again');
    // Looking changed nothing.
    expect((await refresh(next.body.data?.refreshToken ?? '')).status).toBe(200);
    await bo(['user', 'logout', 'shop', 'u1']);
    expect((await inspect(grant.accessToken)).says[0]).toContain('An administrator has ended its session');
    expect(await inspect('what is this')).toMatchObject({ code: 1, kind: 'unknown' });
    expect(await inspect('M'.repeat(32))).toMatchObject({ code: 1, kind: 'unknown' });
  });

  it('explains XverifyApi values', async () => {
    const guid = randomUUID();
    const fresh = await inspect(seal('shop-key', `${guid}|${Date.now()}`), '--project', 'shop');
    expect(fresh).toMatchObject({ code: 0, kind: 'verify-header', verifies: true });
    expect(fresh.holds['guid']).toBe(guid.replaceAll('-', ''));
    const stale = await inspect(seal('shop-key', `${guid}|${Date.now() - 3_600_000}`), '--project', 'shop');
    expect(stale).toMatchObject({ code: 1, says: [expect.stringContaining('further off')] });
    expect(stale.holds['ageSeconds']).toBeGreaterThanOrEqual(3600);
    const foreign = await inspect(seal('otherkey', guid), '--project', 'shop');
    expect(foreign).toMatchObject({ code: 1, verifies: false, holds: { guid: null } });
    const [key, iv] = ['shop-key', '12345678'].map((text) => CryptoJS.enc.Utf8.parse(text));
    const cbc = CryptoJS.DES.encrypt(guid, key!, { iv: iv! }).toString();
    expect(await inspect(cbc, '--project', 'shop')).toMatchObject({
      code: 1,
      says: [expect.stringContaining('cipher des-cbc'), expect.stringContaining('key rotate verify shop')],
      holds: { guid: fresh.holds['guid'] },
    });
    expect((await inspect(seal('shop-key'))).says.join(' ')).toContain('--project');
    expect((await inspect(seal('shop-key'), '--project', 'nowhere')).says[0]).toContain('no such project');
  });

  it('ends what the server has open, on its next look at the database', async () => {
    const grant = await login();
    expect(await json(['user', 'logout', 'shop', 'u1'])).toEqual({ ended: 1 });
    expect((await refresh(grant.refreshToken)).status).toBe(401);
    await bo(['user', 'set-password', 'shop', 'u1'], { input: 'another-password' });
    await expect(login()).rejects.toThrow('CREDENTIALS_REFUSED');
    const again = await login('another-password');
    const { items } = await json<{ items: { sessionId: string }[] }>(['user', 'sessions', 'shop', 'u1']);
    expect(items).toHaveLength(1);
    const one = ['user', 'logout', 'shop', 'u1', '--session', items[0]?.sessionId ?? ''];
    expect(await json(one)).toEqual({ ended: 1 });
    expect((await bo(one)).code).toBe(1);
    expect((await refresh(again.refreshToken)).status).toBe(401);
    await bo(['user', 'set-password', 'shop', 'u1'], { input: 'u1-password' });
  });

  it('takes over legacy sessions, which go on working', async () => {
    const now = Date.now();
    const csv = await file(
      'sessions.csv',
      'refresh_token,user_id,client_id,expires_at\n' +
        `legacy-csv-token-1,u1,ios,${new Date(now + 3_600_000).toISOString()}\n` +
        'legacy-csv-token-2,nobody,,\n' +
        'legacy-csv-token-3,u1,,\n' +
        `legacy-csv-token-4,u1,,${new Date(now - 1000).toISOString()}\n` +
        'legacy-csv-token-5,u1,,soon\n',
    );
    const first = await bo(['import-sessions', 'shop', csv, '--json', '--progress']);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toEqual({
      imported: 2,
      existing: 0,
      refused: [
        { line: 3, reason: 'the project has no such user' },
        { line: 5, reason: 'the session has expired' },
        { line: 6, reason: expect.stringContaining('expiresAt must be ISO 8601') },
      ],
    });
    expect(first.stderr).toMatch(/\[#{30}\] 100 % {2}2 sessions/);
    expect(first.stdout + first.stderr).not.toContain('legacy-csv');
    expect(await json(['import-sessions', 'shop', csv])).toMatchObject({ imported: 0, existing: 2 });

    const answer = await refresh('legacy-csv-token-1');
    expect(answer.body.data).toMatchObject({
      clientId: 'ios',
      refreshToken: expect.stringMatching(/^\w{32}$/),
    });
    expect(await inspect('legacy-csv-token-3')).toMatchObject({ code: 0, kind: 'imported-refresh-token' });

    const bytes = await readFile(join(folder, 'data', 'cli.sqlite'));
    const log = await readFile(join(folder, 'data', 'cli.sqlite-wal')).catch(() => Buffer.alloc(0));
    for (const content of [bytes, log]) expect(content.includes('legacy-csv')).toBe(false);

    const jsonl = await file(
      'sessions.jsonl',
      `${JSON.stringify({ refreshTokenSha256: sha256('legacy-json-token-1'), userName: 'u1', createdAt: Date.now() })}\n{oops\n${JSON.stringify({ refreshToken: 'legacy-json-token-3', userId: 'u1' })}\n`,
    );
    const strict = await bo(['import-sessions', 'shop', jsonl, '--strict']);
    expect([strict.code, strict.stdout]).toEqual([1, '']);
    expect(strict.stderr).toContain('line 2: is not JSON');
    expect(strict.stderr).toContain('stopped at line 2; 1 sessions were imported before');
    expect((await refresh('legacy-json-token-1')).status).toBe(200);
    expect((await refresh('legacy-json-token-3')).status).toBe(401);
    expect((await bo(['import-sessions', 'nowhere', jsonl])).code).toBe(1);
  });

  it('imports many in batches while the server answers', async () => {
    const lines = Array.from({ length: 1203 }, (_, index) =>
      JSON.stringify({ refreshToken: `bulk-token-number-${index}`, userId: 'u1' }),
    );
    const jsonl = await file('bulk.ndjson', lines.join('\n'));
    const importing = json(['import-sessions', 'shop', jsonl]);
    const statuses = new Set<number>();
    let done = false;
    void importing.finally(() => (done = true));
    while (!done) statuses.add((await refresh('unknown-token')).status);
    expect(await importing).toEqual({ imported: 1203, existing: 0, refused: [] });
    expect([...statuses]).toEqual([401]);
    expect((await refresh('bulk-token-number-1202')).status).toBe(200);
  });

  it("changes a project's key with an overlap", async () => {
    const rotated = await json(['key', 'rotate', 'verify', 'shop', '--overlap-seconds', '3600']);
    expect(rotated).toMatchObject({ verifyCipher: 'des-ecb', verifyPreviousUntil: expect.any(String) });
    const old = await inspect(seal('shop-key'), '--project', 'shop');
    expect(old).toMatchObject({ code: 0, says: [expect.stringContaining('former key')] });
    const back = await json(['key', 'rotate', 'verify', 'shop', '--verify-key-file', '-'], {
      input: 'shop-key',
    });
    expect(back).toMatchObject({ verifyKey: 'shop-key' });
  });
});

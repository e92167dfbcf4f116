import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { Page } from '../../src/response/page.js';
import type { AreaImported } from '../../src/admin/import/area-import.js';
import type { SessionsImported } from '../../src/admin/import/session-import.js';
import { call } from '../support/app.js';
import { sha256, test, asOperator, data, newProject, seal, startAdministration } from './administration.js';

startAdministration();

describe('areas', () => {
  const post = (items: unknown[], strict = false) =>
    asOperator<AreaImported>('POST', '/areas', { items, strict });
  const under = async (areaCode: string) =>
    (
      await call(test, {
        method: 'POST',
        url: '/auth/token',
        payload: { userName: 'bob', password: 'bob-password' },
        headers: { XfilterAreaCode: areaCode },
      })
    ).body.error.errorCode;

  it('derives parents from the codes, past levels that a list leaves out', async () => {
    const answer = await post([
      { areaCode: '500101', name: '万州区' },
      { areaCode: '500000', name: '重庆市' },
      { areaCode: '440300', name: '深圳市' },
      { areaCode: '440000', name: '广东省' },
      { areaCode: '440305', name: '南山区' },
      { areaCode: '440305001', name: '南头街道' },
    ]);
    expect(data(answer)).toMatchObject({ imported: 6, refused: [] });
    const rows = await test.sql<{ area_code: string; parent_code: string | null }>(
      `SELECT area_code, parent_code FROM bo_sys_area WHERE area_code LIKE '44%' OR area_code LIKE '50%'`,
    );
    expect(Object.fromEntries(rows.map((row) => [row.area_code, row.parent_code]))).toEqual({
      '500101': '500000',
      '500000': null,
      '440300': '440000',
      '440000': null,
      '440305': '440300',
      '440305001': '440305',
    });
    expect(await under('440305001')).toBeNull();
  });

  it('is repeatable, and a change counts at once', async () => {
    await post([{ areaCode: 'emea', name: 'EMEA', parentCode: null }]);
    await post([{ areaCode: 'de', name: 'Germany', parentCode: 'emea' }]);
    expect(data(await post([{ areaCode: 'de', name: 'Deutschland', parentCode: 'emea' }])).imported).toBe(1);
    const page = data(await asOperator<Page<{ areaCode: string; name: string }>>('GET', '/areas?limit=200'));
    expect(page.items.find(({ areaCode }) => areaCode === 'de')?.name).toBe('Deutschland');
  });

  it('tells each bad one by its place, and in strict mode writes none', async () => {
    const items = [
      { areaCode: 'x-ok', name: 'ok', parentCode: null },
      { areaCode: 'x-loop', name: 'loop', parentCode: 'x-pool' },
      { areaCode: 'x-pool', name: 'pool', parentCode: 'x-loop' },
      { areaCode: 'x-self', name: 'self', parentCode: 'x-self' },
      { areaCode: 'x-lost', name: 'lost', parentCode: 'x-nowhere' },
      { areaCode: 'x-child', name: 'child of what was refused', parentCode: 'x-lost' },
      { areaCode: 'x-free', name: 'no parent' },
      { name: 'no code' },
      'text',
      { areaCode: 'x-ok', name: 'twice', parentCode: null },
    ];
    const strict = data(await post(items, true));
    expect([strict.imported, strict.refused.length]).toEqual([0, 9]);
    expect(await under('x-ok')).toBe('AREA_UNKNOWN');
    const answer = data(await post(items));
    expect([answer.imported, answer.refused.map(({ line }) => line)]).toEqual([
      1,
      [2, 3, 4, 5, 6, 7, 8, 9, 10],
    ]);
    expect(await under('x-ok')).toBeNull();
  });
});

describe('sessions of another service', () => {
  it('go on working, and are imported once', async () => {
    const project = await newProject();
    const base = `/projects/${project.ownerId}`;
    await asOperator('POST', `${base}/users`, { userId: 'u1', userName: 'u1' });
    const now = test.clock.now();
    const items = [
      { refreshToken: 'legacy-token-number-1', userId: 'u1' },
      {
        refreshTokenSha256: sha256('legacy-token-number-2'),
        userName: 'u1',
        clientId: 'ios',
        createdAt: now - 1000,
        expiresAt: new Date(now + 3_600_000).toISOString(),
      },
      { refreshToken: 'legacy-token-number-3', userId: 'nobody' },
      { refreshToken: 'legacy-token-number-4', userId: 'u1', expiresAt: now - 1 },
      { refreshToken: 'legacy-token-number-5', userId: 'u1', createdAt: now + 60_000 },
      { userId: 'u1' },
      { refreshToken: 'legacy-token-number-7', userId: 'u1', password: 'x' },
    ];
    const first = await asOperator<SessionsImported>('POST', `${base}/sessions`, { items });
    expect(data(first)).toMatchObject({ imported: 2, existing: 0 });
    expect(data(first).refused.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7]);
    expect(first.text).not.toContain('legacy-token');
    const again = await asOperator<SessionsImported>('POST', `${base}/sessions`, {
      items: items.slice(0, 2),
    });
    expect(data(again)).toEqual({ imported: 0, existing: 2, refused: [] });

    const rows = JSON.stringify(
      await test.sql('SELECT * FROM bo_auth_session WHERE owner_id = $1', project.ownerId),
    );
    expect(rows).not.toContain('legacy-token');
    const refresh = (token: string) =>
      call<TokenGrant>(test, {
        url: `/auth/token/refresh?refreshToken=${token}`,
        owner: project.ownerId,
        verify: seal(project),
      });
    const moved = data(await refresh('legacy-token-number-1'));
    expect(moved.refreshToken).toMatch(/^[0-9A-Za-z]{32}$/);
    expect((await refresh(moved.refreshToken)).status).toBe(200);
    expect(data(await refresh('legacy-token-number-2')).clientId).toBe('ios');
    expect((await refresh('legacy-token-number-3')).status).toBe(401);
  });
});

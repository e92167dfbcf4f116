import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folder, bo, json, file, openWorkplace } from './workplace.js';

openWorkplace();

describe('projects, systems and users', () => {
  it('makes, changes, disables and enables a project', async () => {
    const added = await json(['project', 'add', 'p1', '--name', '项目']);
    expect(added).toMatchObject({
      ownerId: 'p1',
      name: '项目',
      verifyKey: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect((await bo(['project', 'add', 'p1'])).stderr).toContain('already exists');
    const set = await json([
      ...['project', 'set', 'p1', '--max-sessions', '3', '--idle-seconds', 'none'],
      ...['--verify-stamp-required', 'true', '--status-mode', 'always200', '--time-zone', 'Asia/Shanghai'],
    ]);
    expect(set).toMatchObject({
      maxSessions: 3,
      idleSeconds: null,
      verifyStampRequired: true,
      statusMode: 'always200',
      timeZone: 'Asia/Shanghai',
      verifyKey: '********',
    });
    expect(await json(['project', 'disable', 'p1'])).toMatchObject({ status: 'disabled' });
    expect(await json(['project', 'show', 'p1'])).toMatchObject({ status: 'disabled' });
    expect(await json(['project', 'enable', 'p1'])).toMatchObject({ status: 'active' });
    const listed = await bo(['project', 'list']);
    expect(listed.stdout).toMatch(/^ownerId {2}name[^]*\np1 {7}项目 {2}active/);
    expect(listed.stdout).not.toContain(String(added['verifyKey']));
    expect((await bo(['project', 'list', '--limit', '1'])).stderr).toContain('the list is longer');
  });

  it('seals the verify keys that are in the clear, and unseals them', async () => {
    const env = { TOKEN_PEPPER: 'a-pepper-that-is-long-enough-for-it' };
    const clear = (await bo(['key', 'seal'], {})).stderr;
    expect(clear).toContain('TOKEN_PEPPER: is not set');
    const { sealed } = await json<{ sealed: number }>(['key', 'seal'], { env });
    expect(sealed).toBeGreaterThan(0);
    expect(await json(['key', 'seal'], { env })).toEqual({ sealed: 0 });
    // Without its pepper, nothing opens the database.
    expect((await bo(['project', 'list'])).stderr).toContain('TOKEN_PEPPER: does not open the verify key of');
    expect(await json(['key', 'unseal'], { env })).toEqual({ unsealed: sealed });
    expect((await bo(['project', 'list'])).code).toBe(0);
  });

  it('registers, changes and removes a client, and rotates its secret', async () => {
    const client = ['shop', 'orders'];
    const added = await json<{ clientSecret: string }>([
      ...['client', 'add', ...client, '--type', 'confidential', '--scopes', 'read,grant'],
    ]);
    expect(added).toMatchObject({
      grants: ['client_credentials'],
      scopes: ['read', 'grant'],
      dpop: 'optional',
    });
    expect(added.clientSecret).toMatch(/^[\w-]{43}$/);
    expect((await bo(['client', 'add', ...client, '--type', 'public'])).stderr).toContain('already exists');
    expect(await json(['client', 'set', ...client, '--scopes', 'none', '--dpop', 'required'])).toMatchObject({
      scopes: [],
      dpop: 'required',
    });
    const rotated = await json<{ clientSecret: string }>(['client', 'rotate-secret', ...client]);
    expect(rotated.clientSecret).not.toBe(added.clientSecret);
    expect(rotated).toMatchObject({ previousSecretUntil: expect.any(String) });
    const listed = await bo(['client', 'list', 'shop']);
    expect(listed.stdout).toContain('orders');
    expect(listed.stdout).not.toContain(rotated.clientSecret);
    const wrong = await bo([
      'client',
      'add',
      'shop',
      'x',
      '--type',
      'public',
      '--grants',
      'client_credentials',
    ]);
    expect(wrong.stderr).toContain('grants must not contain client_credentials for a public client');
    expect(await json(['client', 'show', ...client])).not.toHaveProperty('clientSecret');
    expect((await bo(['client', 'remove', ...client])).code).toBe(0);
    expect((await bo(['client', 'show', ...client])).stderr).toContain('does not exist');
  });

  it('adds, lists and removes a system', async () => {
    expect(await json(['system', 'add', 'shop', 'crm', '--name', '客户'])).toEqual({
      sysId: 'crm',
      name: '客户',
    });
    expect((await bo(['system', 'add', 'shop', 'crm'])).code).toBe(1);
    expect(await json(['system', 'list', 'shop'])).toEqual({ items: [{ sysId: 'crm', name: '客户' }] });
    expect((await bo(['system', 'remove', 'shop', 'crm'])).code).toBe(0);
    expect((await bo(['system', 'remove', 'shop', 'crm'])).stderr).toContain('bo-auth system list');
  });

  it('takes passwords from standard input or a file, and never prints them', async () => {
    const path = await file('password', 'from-a-file\nand a second line');
    const added = await bo([
      'user',
      'add',
      'shop',
      'pw',
      '--password-file',
      path,
      '--role-id',
      'a,b',
      '--developer',
    ]);
    expect(added.code).toBe(0);
    const set = await bo(['user', 'set-password', 'shop', 'pw'], { input: 'typed-in-a-pipe\n' });
    expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('was set; sessions ended: 0') });
    expect(added.stdout + added.stderr + set.stdout + set.stderr).not.toMatch(/from-a-file|typed-in|argon2/);
    expect((await bo(['user', 'set-password', 'shop', 'pw'], { input: 'short' })).stderr).toContain(
      'password must be 8 to 1024',
    );
    expect((await bo(['user', 'set-password', 'shop', 'pw'])).stderr).toContain('--password-file');
    expect((await bo(['user', 'set-password', 'shop', 'nobody'], { input: 'long enough' })).stderr).toContain(
      'bo-auth user list',
    );
    expect((await bo(['user', 'add', 'shop', 'nopw', '--no-password'])).code).toBe(0);
    expect(await json(['user', 'disable', 'shop', 'pw'])).toMatchObject({ status: 'disabled', developer: 1 });
    expect(await json(['user', 'enable', 'shop', 'pw'])).toMatchObject({
      status: 'active',
      roleId: ['a', 'b'],
    });
    expect(await json(['user', 'sessions', 'shop', 'pw'])).toEqual({ items: [] });
    expect(await json(['user', 'logout', 'shop', 'pw'])).toEqual({ ended: 0 });
    expect(await json(['user', 'delete', 'shop', 'pw'])).toEqual({ ended: 0 });
    expect((await bo(['user', 'delete', 'shop', 'pw'])).stderr).toContain('bo-auth user list');
  });

  it('shows and changes a user', async () => {
    await bo(['user', 'add', 'shop', 'kim', '--no-password', '--role-id', 'a,b', '--developer']);
    const kim = { userId: 'kim', userName: 'kim', pushName: 'kim', roleId: ['a', 'b'], developer: 1 };
    const shown = await bo(['user', 'show', 'shop', 'kim', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject(kim);
    expect(shown.stdout).not.toMatch(/argon2|passwordHash/);
    const set = ['user', 'set', 'shop', 'kim'];
    expect(await json([...set, '--push-name', '金', '--role-id', 'c', '--wb-id', 'w'])).toMatchObject({
      ...kim,
      pushName: '金',
      roleId: ['c'],
      wbId: 'w',
    });
    const emptied = { ...kim, pushName: '', roleId: [], wbId: 'w', developer: 0 };
    await bo([...set, '--push-name', '', '--role-id', '', '--no-developer']);
    expect(await json(['user', 'show', 'shop', 'kim'])).toMatchObject(emptied);
    expect((await bo(set)).stderr).toContain('give at least one option');
    expect((await bo([...set, '--area-code', 'a b'])).stderr).toContain('(--area-code)');
    expect((await bo([...set, '--user-name', 'u1'])).code).toBe(1);
    expect((await bo(['user', 'show', 'shop', 'nobody'])).stderr).toContain('bo-auth user list');
  });

  it('imports users from CSV and JSON lines, once each', async () => {
    const csv = await file(
      'users.csv',
      '\ufeffUser_ID,userName,Password,roleId,push-name,shoe size\r\n' +
        'c1,c1,"pass, word ""1""",admin;auditor,"Multi\nline, name",42\r\n' +
        'c2,用户二,password2,,张三,43\r\n' +
        'c3,c3,short,,,\r\n' +
        'c4,c1,password4,,,\r\n',
    );
    const first = await bo(['user', 'import', 'shop', csv, '--json', '--ignore', 'shoe size']);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ imported: 2, existing: 0 });
    expect(first.stderr).toContain('ignored columns: shoe size');
    expect(first.stderr).toMatch(/pushName must be/);
    expect(first.stderr).toMatch(/line \d: password must be/);
    expect(first.stderr).not.toMatch(/password2|pass, word/);
    const jsonl = await file(
      'users.jsonl',
      `${JSON.stringify({ userId: 'c2', userName: '用户二' })}\n\nnot json\n[1]\n${JSON.stringify({ userId: 'j1', userName: 'j1', roleId: ['r'], developer: 1 })}\n${JSON.stringify({ userId: 'j2', userName: 'j1' })}\n`,
    );
    expect(await json(['user', 'import', 'shop', jsonl])).toEqual({
      imported: 1,
      existing: 1,
      refused: [
        { line: 3, reason: 'is not JSON' },
        { line: 4, reason: 'is not a JSON object' },
        { line: 6, reason: 'userName belongs to another user' },
      ],
    });
    const strict = await bo(['user', 'import', 'shop', jsonl, '--strict']);
    expect([strict.code, strict.stderr]).toEqual([1, expect.stringContaining('stopped at line 3')]);
    const { items } = await json<{ items: { userId: string }[] }>(['user', 'list', 'shop']);
    expect(items.map(({ userId }) => userId)).toEqual(expect.arrayContaining(['c2', 'j1']));
  });
});

describe('area import', () => {
  it('refuses what is not UTF-8, instead of keeping rubbish', async () => {
    const path = join(folder, 'gbk.csv');
    await writeFile(path, Buffer.from([...Buffer.from('440000,'), 0xb9, 0xe3, 0xb6, 0xab, 0x0a]));
    const ended = await bo(['area', 'import', path]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('is not UTF-8');
  });

  it('reads a list of GB/T 2260 codes, with or without the names of columns', async () => {
    const bare = await file('gbt2260.csv', '330000,浙江省\n330100,杭州市\n330106,西湖区\n330782,义乌市\n');
    expect(await json(['area', 'import', bare])).toMatchObject({ imported: 4, refused: [] });
    expect(await json(['area', 'import', bare])).toMatchObject({ imported: 4, refused: [] });
    const named = await file(
      'named.csv',
      '行政区划代码,单位名称\n330000,浙江省\n330200,宁波市\nabc,x\n330100\n',
    );
    const second = await bo(['area', 'import', named, '--json']);
    expect(JSON.parse(second.stdout)).toMatchObject({ imported: 2, refused: [{ line: 4 }, { line: 5 }] });
    expect(second.stderr).toMatch(/line 4: parentCode must be given/);
    const strict = await bo(['area', 'import', named, '--strict']);
    expect([strict.code, strict.stdout]).toEqual([1, '']);
    const { items } = await json<{ items: object[] }>(['area', 'list']);
    expect(items).toEqual(
      expect.arrayContaining([
        { areaCode: '330106', name: '西湖区', parentCode: '330100' },
        { areaCode: '330782', name: '义乌市', parentCode: '330000' },
      ]),
    );
    const own = await file('own.csv', 'code,name,parent\nworld,World,\neu,Europe,world\n');
    expect(await json(['area', 'import', own])).toMatchObject({ imported: 2, refused: [] });
    const wrong = await bo(['area', 'import', await file('wrong.csv', 'x,y\n1,2\n')]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('must name the columns')]);
  });
});

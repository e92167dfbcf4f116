import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, type Given, TestCommandLine } from '../support/command-line.js';

let folder: string;
let commandLine: TestCommandLine;

const bo = (args: readonly string[], given?: Given): Promise<Ended> => commandLine.run(args, given);

async function json<T = Record<string, unknown>>(args: readonly string[], given: Given = {}): Promise<T> {
  const ended = await bo([...args, '--json'], given);
  if (ended.code !== 0) throw new Error(`${args.join(' ')}: ${ended.code} ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

const file = async (name: string, content: string | Buffer): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bo-auth-import-'));
  commandLine = new TestCommandLine(folder, { DATABASE_URL: `sqlite:${join(folder, 'data', 'i.sqlite')}` });
  await json(['migrate']);
  await json(['project', 'add', 'shop']);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('user import', () => {
  /** An excerpt of a user table as another back office exports it. */
  const EXPORT =
    'user_id,dept_id,user_name,nick_name,password,status,del_flag\n' +
    '1,103,admin,Admin,$2a$10$abcdefghijklmnopqrstuOABCDEFGHIJKLMNOPQRSTUVWXYZ01234,0,0\n' +
    '2,105,ry,RuoYi,$2a$10$abcdefghijklmnopqrstuOABCDEFGHIJKLMNOPQRSTUVWXYZ01234,1,2\n';

  it('refuses columns that it does not know, unless they are to be ignored', async () => {
    const path = await file('export.csv', EXPORT);
    const refused = await bo(['user', 'import', 'shop', path]);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('unknown columns: dept_id, nick_name, status, del_flag;');
    expect(refused.stderr).toContain('--ignore "dept_id,nick_name,status,del_flag"');
    const ignored = await bo([
      ...['user', 'import', 'shop', path, '--json'],
      ...['--ignore', 'dept_id,nick_name,status,del_flag,password'],
    ]);
    expect(JSON.parse(ignored.stdout)).toEqual({ imported: 2, existing: 0, refused: [] });
    const jsonl = await file('export.jsonl', '{"user_id":"j1","user_name":"j1","status":"0"}\n');
    expect((await bo(['user', 'import', 'shop', jsonl])).stderr).toContain('line 1: status is not a field');
    expect(await json(['user', 'import', 'shop', jsonl, '--ignore', 'status'])).toMatchObject({
      imported: 1,
    });
    expect((await json(['user', 'show', 'shop', 'j1']))['userName']).toBe('j1');
  });

  it('takes no password hash for a password, and exits with 1 if it imported nothing', async () => {
    const path = await file('hashes.csv', EXPORT);
    const ended = await bo([
      ...['user', 'import', 'shop', path, '--json', '--ignore', 'dept_id,nick_name,status,del_flag'],
    ]);
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ imported: 0, refused: [{ line: 2 }, { line: 3 }] });
    expect(ended.stderr).toMatch(/line 2: password looks like a password hash: .*passwordHash/);
    expect(ended.stderr).not.toContain('$2a$');
  });

  it('refuses lines with too few or too many cells', async () => {
    const path = await file(
      'cells.csv',
      'userId,userName,roleId,password\nw1,w1,r,w1-password\nw2,w2,w2-password\nw3,w3,r,w3-password,x\n',
    );
    expect(await json(['user', 'import', 'shop', path])).toEqual({
      imported: 1,
      existing: 0,
      refused: [
        { line: 3, reason: 'has 3 cells, but there are 4 columns' },
        { line: 4, reason: 'has 5 cells, but there are 4 columns' },
      ],
    });
  });

  it('reads semicolons, tabs and UTF-16, and columns without a name if they are empty', async () => {
    const text = (separator: string, id: string) =>
      [
        ['userId', 'userName', 'roleId', ''],
        [id, `名-${id}`, '', ''],
        [`${id}x`, `${id}x`, '', 'y'],
      ]
        .map((cells) => cells.join(separator))
        .join('\r\n');
    const utf16 = Buffer.from(`\ufeff${text('\t', 's3')}`, 'utf16le');
    const contents = [text(';', 's1'), text('\t', 's2'), utf16, Buffer.from(utf16).swap16()];
    const imported: unknown[] = [];
    for (const [index, content] of contents.entries())
      imported.push(await json(['user', 'import', 'shop', await file(`form-${index}.csv`, content)]));
    const refused = [{ line: 3, reason: 'has a value in a column without a name' }];
    expect(imported).toEqual([
      { imported: 1, existing: 0, refused },
      { imported: 1, existing: 0, refused },
      { imported: 1, existing: 0, refused },
      { imported: 0, existing: 1, refused },
    ]);
    expect((await json(['user', 'show', 'shop', 's3']))['userName']).toBe('名-s3');
  });

  it.each([
    ['user', 'userId,pushName\na,b\n', 'lacks the column userName'],
    ['user', 'userId,user_id,userName\na,b,c\n', 'two columns have the same name: userId'],
    ['area', 'areaCode,title\n110000,x\n120000,y\n', 'unknown columns: title'],
    ['area', 'areaCode,cityCode\n110101,1101\n110102,1101\n', 'lacks the column name'],
    ['session', 'refreshToken\nx\n', 'lacks the column userId or userName'],
  ])('reports a wrong header of a %s file once, with exit code 2', async (kind, content, sentence) => {
    const path = await file('header.csv', content);
    const ended = await bo(
      { user: ['user', 'import', 'shop'], area: ['area', 'import'], session: ['import-sessions', 'shop'] }[
        kind
      ]?.concat(path) ?? [],
    );
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr.match(/^bo-auth: /gm)).toHaveLength(1);
    expect(ended.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });
});

describe('area import', () => {
  const parentsOf = async (prefix: string) => {
    const { items } = await json<{ items: { areaCode: string; parentCode: string | null }[] }>([
      'area',
      'list',
    ]);
    const found = items.filter(({ areaCode }) => areaCode.startsWith(prefix));
    return Object.fromEntries(found.map(({ areaCode, parentCode }) => [areaCode, parentCode]));
  };

  it('takes the counties before the provinces, and says what lacks a parent meanwhile', async () => {
    const counties = await bo([
      'area',
      'import',
      await file('1.csv', 'code,name\n320505,虎丘区\n320508,姑苏区\n'),
    ]);
    expect(counties.stderr).toContain('are not provinces: 2 (320505, 320508)');
    expect(await parentsOf('32')).toEqual({ '320505': null, '320508': null });
    const provinces = await file('2.csv', 'code,name\n320000,江苏省\n');
    expect(await json(['area', 'import', provinces])).toEqual({
      imported: 1,
      moved: 2,
      refused: [],
      detached: { count: 0, first: [] },
    });
    const cities = await file('3.jsonl', '{"代码":"320500","名称":"苏州市"}\n');
    expect(await json(['area', 'import', cities])).toMatchObject({ imported: 1, moved: 2 });
    expect(await parentsOf('32')).toEqual({
      '320000': null,
      '320500': '320000',
      '320505': '320500',
      '320508': '320500',
    });
  });

  it('leaves a parent alone that cannot have been derived', async () => {
    const own = await file('own.csv', 'code,name,parent\nnorth,North,\n130102,长安区,north\n');
    await json(['area', 'import', own]);
    expect(await json(['area', 'import', await file('p.csv', 'code,name\n13,河北省\n')])).toMatchObject({
      moved: 0,
    });
    expect(await parentsOf('13')).toEqual({ '130000': null, '130102': 'north' });
  });

  it('reads a file for each level, with codes of 2, 4 and 6 digits', async () => {
    const areas = 'code,name,cityCode,provinceCode\n110101,"东城区",1101,11\n110102,"西城区",1101,11\n';
    expect(await json(['area', 'import', await file('areas.csv', areas)])).toMatchObject({
      imported: 2,
      refused: [],
      detached: { count: 2 },
    });
    await json(['area', 'import', await file('cities.csv', 'code,name,provinceCode\n1101,"市辖区",11\n')]);
    await json(['area', 'import', await file('provinces.csv', 'code,name\n11,"北京市"\n')]);
    expect(await parentsOf('11')).toEqual({
      '110000': null,
      '110100': '110000',
      '110101': '110100',
      '110102': '110100',
    });
  });
});

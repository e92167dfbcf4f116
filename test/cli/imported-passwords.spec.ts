import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CleanUp } from '../../src/auth/clean-up.js';
import { call, encryptByDES, refusalOf, startApp, type TestApp } from '../support/app.js';
import { bo, database, file, json, openWorkplace } from './workplace.js';

openWorkplace();

let test: TestApp;
beforeAll(async () => (test = await startApp({ DATABASE_URL: database })));
afterAll(() => test.close());

const HASHES = 'test/cli/password-hashes.csv';
const OWN = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

/** As `password-hashes.sh` makes them. */
const passwordOf = (userName: string): string =>
  ({ jeecg: 'jeecg-password', admin: '123456' })[userName] ?? `${userName}-Pässwort`;

const signIn = (userName: string, password = passwordOf(userName)) =>
  call(test, {
    method: 'POST',
    url: '/auth/token',
    owner: 'shop',
    verify: encryptByDES(`${randomUUID()}|${test.clock.now()}`, 'shop-key'),
    payload: { userName, password },
  });

const stored = async (userId: string) => {
  const [row] = await test.sql(
    `SELECT password_hash, password_format, password_salt, password_user_name FROM bo_user WHERE user_id = $1`,
    userId,
  );
  return row;
};

const decoys = async () => {
  const [row] = await test.sql<{ password_decoys: string | null }>('SELECT password_decoys FROM bo_project');
  return JSON.parse(row?.password_decoys ?? 'null') as { format: string; hash: string }[] | null;
};

it('users keep their passwords, and their first login replaces the hash', async () => {
  const [, ...lines] = (await readFile(HASHES, 'utf8')).trim().split('\n');
  const users = lines.map((line) => line.split(',')[1]!);
  expect(await json(['user', 'import', 'shop', `${process.cwd()}/${HASHES}`])).toEqual({
    imported: users.length,
    existing: 0,
    refused: [],
  });
  expect((await decoys())?.map(({ format }) => format)).toEqual([
    'argon2id',
    'bcrypt',
    'bcrypt',
    ...Array<string>(5).fill('pbkdf2'),
  ]);
  for (const [index, user] of users.entries()) {
    const id = `h${index + 1}`;
    // A hash that covers the user name still covers the former one.
    const name = `${user}-renamed`;
    await json(['user', 'set', 'shop', id, '--user-name', name]);
    const before = await stored(id);
    expect(before?.['password_format']).not.toBeNull();
    expect(refusalOf(await signIn(name, `${passwordOf(user)}x`))).toBe('401 CREDENTIALS_REFUSED');
    expect(await stored(id)).toEqual(before);
    expect([user, (await signIn(name, passwordOf(user))).status]).toEqual([user, 200]);
    expect(await stored(id)).toEqual({
      password_hash: expect.stringMatching(OWN),
      password_format: null,
      password_salt: null,
      password_user_name: null,
    });
    expect((await signIn(name, passwordOf(user))).status).toBe(200);
  }
  await test.app.get(CleanUp, { strict: false }).run();
  expect(await decoys()).toBeNull();
});

it('refuses what no login could verify, with line and field, and adds the rest', async () => {
  const bcrypt = `$2b$05$${'a'.repeat(53)}`;
  const md5 = 'a'.repeat(32);
  const lines: [cells: string, reason: string | null][] = [
    [`,,`, null],
    [`${bcrypt},bcrypt,`, null],
    [`${bcrypt.slice(0, -1)},bcrypt,`, 'passwordHash must be a bcrypt hash'],
    [`${bcrypt.replace('05', '16')},bcrypt,`, 'passwordHash must be a bcrypt hash'],
    [`${bcrypt},bcrypt,x`, 'passwordSalt is not used by this format'],
    [`${bcrypt},,`, 'passwordHash must be an argon2id hash'],
    [`${bcrypt},scrypt,`, 'passwordFormat must be argon2id, bcrypt, pbkdf2, jeecg or a digest expression'],
    [`${md5},md4(password),`, 'passwordFormat is not a digest expression: the word before character 4'],
    [`${md5},md5(password)^100001,`, 'passwordFormat costs more than 100000 digests'],
    [`${md5},md5(salt)',x`, 'passwordFormat is not a digest expression: the end is expected'],
    [`${md5},md5(salt),x`, 'passwordFormat does not use the password'],
    [`${md5},md5(password+salt),`, 'passwordSalt is needed by this format'],
    [`${md5},md5(password),x`, 'passwordSalt is not used by this format'],
    [`${md5.slice(1)},md5(password),`, 'passwordHash must be the result in hexadecimal (32 characters)'],
    [`${md5},sha1(password),`, 'passwordHash must be the result in hexadecimal (40 characters)'],
    [`,bcrypt,`, 'passwordFormat needs a passwordHash'],
    [`,,x`, 'passwordSalt needs a passwordHash'],
    [`$pbkdf2-sha256$1000$c2FsdA$QpodwXdhFtU66eq5,pbkdf2,`, 'passwordHash must have a hash as long as'],
    [`"$pbkdf2-sha256$i=1000,l=13$c2FsdA$QpodwXdhFtU66eq5",pbkdf2,`, 'passwordHash must have a hash as long'],
    [`"$pbkdf2-sha256$i=1000,l=1$c2FsdA$Qg",pbkdf2,`, 'passwordHash must have a hash of at least 16 bytes'],
    [`"$pbkdf2-sha256$i=2000001,l=12$c2FsdA$QpodwXdhFtU66eq5",pbkdf2,`, 'passwordHash costs too much'],
    [`AQAAAAIAAYagAAAAEMYcPUpzFMjJptI5r0RAjAxm/46QAjPlk3LAEpqWoVUt,pbkdf2,`, 'passwordHash must be PBKDF2'],
    [`0a62154b759990af,jeecg,a1B2c3D`, 'passwordSalt must be the 8 characters of the salt'],
    [`0a62154b759990,jeecg,a1B2c3D4`, 'passwordHash must be hexadecimal, 16 characters'],
    [`0a62154b759990af,jeecg,a1B2c3D4`, null],
  ];
  const header = 'userId,userName,passwordHash,passwordFormat,passwordSalt';
  const rows = lines.map(([cells], index) => `r${index},r${index},${cells}`);
  const path = await file('refused.csv', [header, ...rows, ''].join('\n'));
  const { refused, imported } = await json<{ imported: number; refused: { line: number; reason: string }[] }>(
    [...['user', 'import', 'shop', path]],
  );
  const wanted = lines.flatMap(([, reason], index) => (reason === null ? [] : [{ line: index + 2, reason }]));
  expect(refused.map(({ line, reason }) => ({ line, reason }))).toEqual(
    wanted.map(({ line, reason }) => ({ line, reason: expect.stringContaining(reason) })),
  );
  expect(imported).toBe(lines.length - wanted.length);
});

it('only a second of decoys is added, whatever is imported', async () => {
  await test.sql('UPDATE bo_project SET password_decoys = NULL');
  const lines = ['15', '14', '06'].map((cost) => `b${cost},b${cost},$2b$${cost}$${'a'.repeat(53)},bcrypt`);
  const header = 'userId,userName,passwordHash,passwordFormat';
  const added = async (...rows: string[]) => {
    await json(['user', 'import', 'shop', await file('costly.csv', [header, ...rows, ''].join('\n'))]);
    return (await decoys())?.map(({ hash }) => hash.slice(4, 6));
  };
  expect(await added(lines[1]!, lines[0]!)).toEqual(['14']);
  expect(await added(lines[2]!)).toEqual(['14']);
  await test.sql('UPDATE bo_project SET password_decoys = NULL');
  const cheaper = ['13', '12', '11'].map((cost) => `c${cost},c${cost},$2b$${cost}$${'a'.repeat(53)},bcrypt`);
  expect(await added(...cheaper)).toEqual(['13', '12', '11']);
  expect(await added(`d14,d14,$2b$14$${'a'.repeat(53)},bcrypt`)).toEqual(['13', '12', '11']);
  await test.sql('UPDATE bo_project SET password_decoys = NULL');
  const md5 = 'a'.repeat(32);
  expect(await added(`e1,e1,${md5},md5( password )`, `e2,e2,${md5},md5(password)`)).toHaveLength(1);
  await test.sql('UPDATE bo_project SET password_decoys = NULL');
});

it('a single user is added with a hash, its format and its salt', async () => {
  const add = ['user', 'add', 'shop', 'single', '--password-hash-file', '-'];
  // printf %s 'single-Pässwortsalt, with a comma' | md5sum
  const input = '9d181d22defd34b157dc1a9f028e4525\n';
  const format = ['--password-format', 'md5(password+salt)'];
  const refused = await bo([...add, ...format], { input });
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('(--password-salt) is needed')]);
  await json([...add, ...format, '--password-salt', 'salt, with a comma'], { input });
  expect((await signIn('single')).status).toBe(200);
});

import { randomBytes } from 'node:crypto';
import { isPasswordHash } from '../../src/admin/user/password-hash-format.js';
import { call, startApp, type TestApp } from '../support/app.js';

const BCRYPT = '$2a$10$abcdefghijklmnopqrstuOABCDEFGHIJKLMNOPQRSTUVWXYZ01234';
const aspNet = (...head: number[]) => Buffer.from([...head, ...Array<number>(61 - head.length).fill(7)]);

describe('a password hash of another system', () => {
  it.each([
    BCRYPT,
    BCRYPT.replace('2a', '2b'),
    BCRYPT.replace('2a', '2y'),
    `{bcrypt}${BCRYPT}`,
    '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG',
    '$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk',
    'pbkdf2_sha256$870000$c2FsdA$1t8iyB2AWFZ5JZvlfCIhXXN33N23OSgQYThBYRfk=',
    'scrypt:32768:8:1$salt$1f2e3d4c5b6a',
    '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g0nGUx',
    '5f4dcc3b5aa765d61d8327deb882cf99',
    '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8',
    'a'.repeat(64),
    '0'.repeat(128),
    aspNet(1, 0, 0, 0, 1).toString('base64'),
    aspNet(0).subarray(0, 49).toString('base64'),
  ])('is recognised: %s', (text) => expect(isPasswordHash(text)).toBe(true));

  it.each([
    'correct horse battery staple',
    'a-new-password',
    '$2a$10$short',
    '$dollars and cents, several of them',
    '5f4dcc3b5aa765d61d8327deb882cf9',
    `g${'a'.repeat(31)}`,
    aspNet(2, 0, 0, 0, 1).toString('base64'),
    aspNet(1, 9, 0, 0, 1).toString('base64'),
    'Zx1cV7lP0oI9uY6tR4eW3qAKq8vB2nM5',
  ])('is not %s', (text) => expect(isPasswordHash(text)).toBe(false));

  it('is not a random password as password managers make it', () => {
    for (let index = 0; index < 1000; index++)
      expect(isPasswordHash(randomBytes(24).toString('base64'))).toBe(false);
  });
});

describe('the administration', () => {
  let test: TestApp;
  beforeAll(async () => (test = await startApp()));
  afterAll(() => test.close());

  it('takes none for a password, and says where an argon2id hash goes', async () => {
    const bearer = 'development-only-operator-token-change-me';
    const users = '/admin/projects/acme/users';
    const added = await call(test, {
      method: 'POST',
      url: users,
      bearer,
      payload: { userId: 'h', userName: 'h', password: BCRYPT },
    });
    const set = await call(test, {
      method: 'PUT',
      url: `${users}/bob/password`,
      bearer,
      payload: { password: BCRYPT },
    });
    for (const answer of [added, set]) {
      expect([answer.status, answer.body.error.errorCode]).toEqual([400, 'PARAMETER_INVALID']);
      expect(answer.body.message).toMatch(/^password looks like a password hash: .*passwordHash/);
      expect(answer.text).not.toContain('$2a$');
    }
  });
});

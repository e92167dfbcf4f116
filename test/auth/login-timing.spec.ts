import { hash } from '@node-rs/argon2';
import { call, refusalOf, startApp, type TestApp } from '../support/app.js';
import { compareEachTime } from '../support/argon2.js';

const OPERATOR = 'development-only-operator-token-change-me';

/** The costliest kind of refused login may take this much more CPU time than the cheapest, comparing medians. */
const BOUND = 1.5;
/** Samples of each kind. On a busy machine, more of them are taken, until their noise is smaller than the bound. */
const ROUNDS = 5;
const MAX_ROUNDS = 40;

compareEachTime();

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
  // Failures are counted, and no user of this file has as many.
  await test.sql('UPDATE bo_project SET login_max_failures = 100');
});
afterAll(() => test.close());

/** One user for each format. The formats take from 0.1 to 20 ms, our own about 30. */
const IMPORTED: Readonly<Record<string, object>> = {
  argon2id: { passwordHash: await hash('x', { memoryCost: 8_192, timeCost: 1 }) },
  bcrypt: { passwordHash: `$2b$07$${'a'.repeat(53)}`, passwordFormat: 'bcrypt' },
  pbkdf2: { passwordHash: `$pbkdf2-sha256$20000$c2FsdHNhbHQ$${'A'.repeat(43)}`, passwordFormat: 'pbkdf2' },
  digest: { passwordHash: 'a'.repeat(32), passwordFormat: 'md5(password)' },
  digests: { passwordHash: 'a'.repeat(40), passwordFormat: 'sha1(password)^5000' },
  jeecg: { passwordHash: 'a'.repeat(16), passwordFormat: 'jeecg', passwordSalt: 'a1B2c3D4' },
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

it(`refused logins of all kinds cost the same, within a factor of ${BOUND}`, async () => {
  const users = '/admin/projects/acme/users';
  const administer = async (url: string, payload?: object) => {
    const answer = await call(test, { method: 'POST', url, bearer: OPERATOR, ...(payload && { payload }) });
    expect(answer.status).toBeLessThan(300);
  };
  for (const [userId, password] of Object.entries(IMPORTED))
    await administer(users, { userId, userName: userId, ...password });
  await administer(`${users}/bob/disable`);
  const kinds = [...Object.keys(IMPORTED), 'nobody', 'alice', 'bob'];
  const samples = new Map(kinds.map((kind) => [kind, [] as number[]]));
  const sample = async (kind: string): Promise<number> => {
    // The password of the disabled user is right.
    const payload = { userName: kind, password: kind === 'bob' ? 'bob-password' : 'wrong' };
    // CPU time of all threads: it does not depend on what else this machine does, and nothing else runs in this process.
    const before = process.cpuUsage();
    const answer = await call(test, { method: 'POST', url: '/auth/token', payload });
    const { user, system } = process.cpuUsage(before);
    expect(refusalOf(answer)).toBe('401 CREDENTIALS_REFUSED');
    return (user + system) / 1000;
  };
  for (const kind of kinds) await sample(kind);
  let medians: Record<string, number> = {};
  let ratio = Infinity;
  for (let round = 1; round <= MAX_ROUNDS && ratio > BOUND; round++) {
    // Another one is the first each time.
    for (let index = 0; index < kinds.length; index++) {
      const kind = kinds[(index + round) % kinds.length]!;
      samples.get(kind)?.push(await sample(kind));
    }
    if (round % ROUNDS > 0) continue;
    medians = Object.fromEntries([...samples].map(([kind, times]) => [kind, Math.round(median(times))]));
    ratio = Math.max(...Object.values(medians)) / Math.min(...Object.values(medians));
  }
  if (ratio > BOUND)
    throw new Error(`medians in ms differ by a factor of ${ratio}: ${JSON.stringify(medians)}`);
}, 240_000);

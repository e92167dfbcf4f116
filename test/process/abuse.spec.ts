import { type Scale, SHORT_ATTACKS } from '../abuse/attacks.js';
import { brokenPromises, guessing, prepareGuessing } from '../abuse/guessing.js';
import { observe, violations } from '../abuse/judge.js';
import { Target } from '../abuse/target.js';
import { endAll, ServiceProcess } from '../support/service-process.js';

/** `npm run check:abuse` and `npm run check:guessing` have the long forms. */
const SHORT: Scale = { connections: 40, requests: 1_500, logins: 16, holdMs: 500, floodMs: 0 };

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.spawn({ DATABASE_URL: 'sqlite::memory:', TRUSTED_PROXIES: '127.0.0.1' });
  await service.listening();
}, 180_000);
afterAll(endAll);

it.each(SHORT_ATTACKS.map((attack) => [attack.name, attack] as const))(
  'survives %s',
  async (_, attack) => {
    const seen = await observe(attack, new Target(service, false), SHORT, 45_000);
    expect([seen.outcome.struck, violations(seen)]).toEqual([true, []]);
  },
  120_000,
);

it('compares no more guesses of a password than the project allows, and lets the honest user sign in', async () => {
  const target = new Target(service, false);
  const scale = { guesses: 60, networks: 30, users: 10, maxFailures: 1, atOnce: 30 };
  await prepareGuessing(target, scale);
  for await (const guessed of guessing(target, scale)) expect(brokenPromises(guessed, scale, 1)).toEqual([]);
}, 120_000);

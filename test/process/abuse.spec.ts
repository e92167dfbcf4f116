import { type Scale, SHORT_ATTACKS } from '../abuse/attacks.js';
import { observe, violations } from '../abuse/judge.js';
import { Target } from '../abuse/target.js';
import { endAll, ServiceProcess } from '../support/service-process.js';

/** `npm run check:abuse` has the long form. */
const SHORT: Scale = { connections: 40, requests: 1_500, logins: 16, holdMs: 500, floodMs: 0 };

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.spawn({ DATABASE_URL: 'sqlite::memory:' });
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

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import parsePrometheus from 'parse-prometheus-text-format';
import { parse as parseYaml } from 'yaml';
import { REFRESH_OUTCOMES } from '../../src/auth/refresh/refresh-report.js';
import { GRACE_MS, call, dataOf, login, refresh, startApp, type TestApp } from '../support/app.js';
import { complaintOf, findPromtool } from '../support/promtool.js';

/** As the independent parser has them. */
interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: string;
}
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly Sample[];
}

interface Exposition {
  readonly text: string;
  /** By their names, with help and type. */
  readonly families: ReadonlyMap<string, Family>;
  /** By the names on the samples' lines: `…_bucket`, `…_sum` and `…_count` each for itself. */
  readonly lines: ReadonlyMap<string, readonly Sample[]>;
}

const ROUTE = '/bo/api/v3/auth/token/refresh';

async function scrape(test: TestApp): Promise<Exposition> {
  const { status, headers, text } = await call(test, { url: '//metrics', owner: null, verify: null });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const families = parsePrometheus(text) as Family[];
  // This parser loses the labels of a histogram unless it does not know that it is one.
  const lines = new Map<string, Sample[]>();
  for (const { name, metrics } of parsePrometheus(text.replaceAll(/^# TYPE .*\n/gm, '')) as Family[])
    lines.set(name, [...(lines.get(name) ?? []), ...metrics]);
  return {
    text,
    families: new Map(families.map((family) => [family.name, family])),
    lines,
  };
}

/** The value of a counter or gauge, or the count of a histogram; 0 where there is no such series. */
function valueOf(
  { families, lines }: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name);
  if (family === undefined) throw new Error(`no ${name}`);
  const samples = lines.get(family.type === 'HISTOGRAM' ? `${name}_count` : name) ?? [];
  const sample = samples.find((each) =>
    Object.entries(labels).every(([key, value]) => each.labels?.[key] === value),
  );
  return Number(sample?.value ?? 0);
}

describe('/metrics', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp();
  });
  afterAll(() => test.close());

  /** How much each series grows while `work` runs. */
  async function growth(work: () => Promise<unknown>) {
    const before = await scrape(test);
    await work();
    const after = await scrape(test);
    return (name: string, labels?: Record<string, string>) =>
      valueOf(after, name, labels) - valueOf(before, name, labels);
  }

  it('counts what becomes of a refresh, and times it by its route', async () => {
    let grown = await growth(async () => {
      const grant = await login(test);
      const next = dataOf(await refresh(test, grant.refreshToken));
      test.clock.advance(7_000);
      await refresh(test, grant.refreshToken);
      test.clock.advance(GRACE_MS + 1_000);
      await refresh(test, next.refreshToken);
      test.clock.advance(1_000);
      await refresh(test, grant.refreshToken);
    });
    const outcome = (outcome: string) => grown('bo_auth_refreshes_total', { outcome });
    expect(outcome('rotate')).toBe(2);
    expect(outcome('replay')).toBe(1);
    expect(outcome('superseded') + outcome('reused')).toBe(1);
    expect(grown('bo_auth_http_request_duration_seconds', { route: ROUTE, status: '2xx' })).toBe(3);
    expect(grown('bo_auth_http_request_duration_seconds', { route: ROUTE, status: '4xx' })).toBe(1);
    expect(grown('bo_auth_rotation_duration_seconds')).toBe(2);
    expect(grown('bo_auth_group_commit_size')).toBe(2);
    expect(grown('bo_auth_plugin_duration_seconds', { plugin: 'common-data', outcome: 'answered' })).toBe(4);
    expect(grown('bo_auth_replay_age_seconds')).toBe(1);
    const { text } = await scrape(test);
    for (const line of ['sum [789](\\.\\d+)?', 'bucket{le="5"} 0', 'bucket{le="10"} 1'])
      expect(text).toMatch(new RegExp(`^bo_auth_replay_age_seconds_${line}$`, 'm'));

    grown = await growth(async () => {
      const grant = await login(test);
      const next = dataOf(await refresh(test, grant.refreshToken));
      const later = dataOf(await refresh(test, next.refreshToken));
      expect((await refresh(test, grant.refreshToken)).status).toBe(409);
      test.clock.advance(GRACE_MS + 1_000);
      expect((await refresh(test, grant.refreshToken)).status).toBe(401);
      expect((await refresh(test, later.refreshToken)).status).toBe(401);
      expect((await refresh(test, 'nonsense')).status).toBe(401);
    });
    for (const each of ['superseded', 'reused', 'ended', 'unknown'])
      expect([each, outcome(each)]).toEqual([each, 1]);
    expect(grown('bo_auth_failures_total', { code: 'REFRESH_TOKEN_SUPERSEDED' })).toBe(1);
    // A token of the ended session gets the same error.
    expect(grown('bo_auth_failures_total', { code: 'REFRESH_TOKEN_REUSED' })).toBe(2);
    test.clock.run();
  });

  it('counts one rotation of many equal requests, and the races that the others lost', async () => {
    const grant = await login(test);
    const grown = await growth(() =>
      Promise.all(Array.from({ length: 8 }, () => refresh(test, grant.refreshToken))),
    );
    const outcome = (outcome: string) => grown('bo_auth_refreshes_total', { outcome });
    expect(outcome('rotate')).toBe(1);
    expect(outcome('replay')).toBe(7);
    expect(outcome('raced')).toBe(grown('bo_auth_rotation_duration_seconds') - 1);
  });

  it('counts what becomes of a login, without telling an unknown user from a wrong password', async () => {
    const attempt = (userName: string, password: string) =>
      call(test, { method: 'POST', url: '/auth/token', payload: { userName, password } });
    const grown = await growth(async () => {
      await attempt('alice', 'alice-password');
      await attempt('alice', 'wrong');
      await attempt('nobody', 'alice-password');
      await test.sql(`UPDATE bo_user SET status = 'disabled' WHERE user_id = 'bob'`);
      await attempt('bob', 'bob-password');
      for (let n = 0; n < 6; n++) await attempt('nobody-else', 'wrong');
    });
    expect(grown('bo_auth_logins_total', { outcome: 'granted' })).toBe(1);
    expect(grown('bo_auth_logins_total', { outcome: 'refused' })).toBe(3 + 5);
    expect(grown('bo_auth_logins_total', { outcome: 'locked' })).toBe(1);
    expect(grown('bo_auth_login_locks_total', { scope: 'network' })).toBe(1);
    expect(grown('bo_auth_login_locks_total', { scope: 'everywhere' })).toBe(0);
    expect(grown('bo_auth_password_hashes_total')).toBe(4 + 5);
    const grownBy = async (userName: string) => {
      const of = await growth(() => attempt(userName, 'wrong'));
      return ['granted', 'refused'].map((outcome) => of('bo_auth_logins_total', { outcome }));
    };
    expect(await grownBy('alice')).toEqual(await grownBy('nobody'));
  });

  it('counts reads by the tier that answered', async () => {
    const grant = await login(test);
    const bearer = grant.accessToken;
    await call(test, { url: '/auth/user', bearer });
    const grown = await growth(() => call(test, { url: '/auth/user', bearer }));
    expect(grown('bo_auth_tier_reads_total', { tier: 'local' })).toBeGreaterThan(0);
    expect(grown('bo_auth_tier_reads_total', { tier: 'sqlite' })).toBe(0);
    expect(grown('bo_auth_tier_reads_total', { tier: 'redis' })).toBe(0);
  });

  it('counts a failure as one where the project answers it with 200', async () => {
    await test.sql(`UPDATE bo_project SET status_mode = 'always200' WHERE owner_id = 'ptdev'`);
    const grown = await growth(async () => {
      test.clock.advance(10_000);
      const answer = await refresh(test, 'nonsense', { owner: 'ptdev' });
      expect([answer.status, answer.body.success]).toEqual([200, false]);
    });
    test.clock.run();
    expect(grown('bo_auth_http_request_duration_seconds', { route: ROUTE, status: '4xx' })).toBe(1);
    expect(grown('bo_auth_http_request_duration_seconds', { route: ROUTE, status: '2xx' })).toBe(0);
  });

  it('counts what has no route', async () => {
    const grown = await growth(async () => {
      await call(test, { url: '//%zz' });
      await call(test, { url: '//nowhere' });
    });
    expect(grown('bo_auth_failures_total', { code: 'REQUEST_MALFORMED' })).toBe(1);
    expect(grown('bo_auth_failures_total', { code: 'ROUTE_UNKNOWN' })).toBe(1);
    expect(grown('bo_auth_http_request_duration_seconds', { route: 'none', status: '4xx' })).toBe(1);
  });

  it('has no label that a caller or a tenant can make grow, and no secret', async () => {
    const grant = await login(test);
    const odd = ['zq1', 'zq2', 'zq3'];
    const everything = async () => {
      for (const text of odd) {
        await refresh(test, text, { owner: text });
        await refresh(test, text, { headers: { XsysId: text, 'User-Agent': text, 'X-Request-Id': text } });
        await call(test, { url: `/auth/token/refresh?refreshToken=x&_nodejs=${text}` });
        await call(test, { url: `//${text}/${text}` });
        await call(test, { method: 'DELETE', url: `/auth/sessions/${text}`, bearer: grant.accessToken });
        await call(test, { method: 'POST', url: '/auth/token', payload: { userName: text, password: text } });
      }
    };
    await everything();
    const series = (text: string) => text.split('\n').filter((line) => line.startsWith('bo_auth_')).length;
    const before = (await scrape(test)).text;
    odd.splice(0, 3, 'zq4', 'zq5', 'zq6');
    await everything();
    const after = (await scrape(test)).text;
    expect(series(after)).toBe(series(before));
    expect(after).not.toMatch(/zq\d/);
    for (const secret of [grant.refreshToken, grant.accessToken, 'acme', 'ptdev', 'alice'])
      expect(after).not.toContain(secret);
  });

  it('says whether the database answers, and nothing of a Redis that is none', async () => {
    const other = await startApp();
    const up = await scrape(other);
    expect(valueOf(up, 'bo_auth_database_up')).toBe(1);
    expect(up.families.get('bo_auth_redis_up')?.metrics ?? []).toEqual([]);
    expect(up.text).toContain('# TYPE bo_auth_redis_up gauge');
    await other.sql('ALTER TABLE bo_project RENAME TO gone');
    const down = await scrape(other);
    expect(valueOf(down, 'bo_auth_database_up')).toBe(0);
    await other.close();
  });

  it('says that a Redis does not answer', async () => {
    const other = await startApp({ REDIS_URL: 'redis://127.0.0.1:1' });
    const { families } = await scrape(other);
    await other.close();
    expect(families.get('bo_auth_redis_up')?.metrics.map(({ value }) => value)).toEqual(['0']);
  });

  it('has the process’s own, too', async () => {
    const { families } = await scrape(test);
    for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total'])
      expect(families.has(name)).toBe(true);
  });

  it('begins each outcome at 0', async () => {
    const other = await startApp();
    const { families } = await scrape(other);
    await other.close();
    const outcomes = families.get('bo_auth_refreshes_total')!.metrics;
    expect(outcomes.map(({ labels }) => labels?.['outcome'])).toEqual(REFRESH_OUTCOMES);
    expect(new Set(outcomes.map(({ value }) => value))).toEqual(new Set(['0']));
  });

  it('stops listening when it is closed', async () => {
    const other = await startApp();
    await other.close();
    const grown = await growth(() => login(test));
    expect(grown('bo_auth_logins_total', { outcome: 'granted' })).toBe(1);
  });
});

describe('what is read from it', () => {
  interface Rule {
    readonly alert: string;
    readonly expr: string;
    readonly annotations: Readonly<Record<string, string>>;
  }
  interface Panel {
    readonly type: string;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }
  const promtool = findPromtool();
  const withPromtool = promtool === null ? it.skip : it;
  let text: string;
  let families: Exposition['families'];
  let lines: Exposition['lines'];
  let rules: Rule[];
  let panels: Panel[];
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bo-metrics-'));
    const test = await startApp();
    const grant = await login(test);
    await refresh(test, grant.refreshToken);
    ({ text, families, lines } = await scrape(test));
    await test.close();
    const yaml = await readFile('deploy/prometheus/alerts.yml', 'utf8');
    ({ rules } = (parseYaml(yaml) as { groups: [{ rules: Rule[] }] }).groups[0]);
    const json = await readFile('deploy/grafana/bo-auth.json', 'utf8');
    ({ panels } = JSON.parse(json) as { panels: Panel[] });
  });
  afterAll(() => rm(folder, { recursive: true }));

  const expressions = () => [
    ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr }))),
  ];

  /** The labels that the series have, with those that Prometheus adds. */
  function labelsOf(name: string): string[] {
    const own = (lines.get(name) ?? []).flatMap(({ labels = {} }) => Object.keys(labels));
    return [...new Set([...own, 'job', 'instance'])];
  }

  it('exists: each metric and label of the dashboard and the alerts', () => {
    expect(expressions().length).toBeGreaterThan(30);
    for (const { where, expr } of expressions()) {
      const uses = [...expr.matchAll(/\b((?:bo_auth|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)];
      if (where !== 'BoAuthDown') expect([where, uses.length]).not.toEqual([where, 0]);
      for (const [, name = '', selector = ''] of uses) {
        const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
        expect([where, name, family?.type]).not.toEqual([where, name, undefined]);
        for (const [, label = ''] of selector.matchAll(/(\w+)(?:=~|!~|!=|=)"/g))
          expect([where, name, labelsOf(name)]).toEqual([where, name, expect.arrayContaining([label])]);
      }
    }
  });

  it('is explained: each alert says what to do', () => {
    for (const { alert, annotations } of rules) {
      expect(alert).toMatch(/^BoAuth[A-Za-z]+$/);
      expect(annotations['summary']).toBeTruthy();
      expect(annotations['description']).toMatch(/\.$|"$/);
    }
  });

  it('is listed: each metric of ours in docs/observability.md, and none besides', async () => {
    const page = await readFile('docs/observability.md', 'utf8');
    const listed = [...page.matchAll(/^\| `(bo_auth_\w+)`/gm)].map(([, name]) => name);
    const ours = [...families.keys()].filter((name) => name.startsWith('bo_auth_'));
    expect(new Set(listed)).toEqual(new Set(ours));
  });

  it('is typed and explained', () => {
    for (const { name, help, type } of families.values()) {
      expect([name, help === '' ? 'no help' : type]).toEqual([
        name,
        expect.stringMatching(/^(COUNTER|GAUGE|HISTOGRAM|SUMMARY)$/),
      ]);
    }
  });

  withPromtool('satisfies promtool: the exposition', () => {
    // Its style rules do not like some of the names that every Node.js process has; ours have to pass.
    const ours = text
      .split('\n')
      .filter((line) => /^(# (HELP|TYPE) )?bo_auth_/.test(line))
      .join('\n');
    expect(complaintOf(promtool!, ['check', 'metrics'], `${ours}\n`)).toBeNull();
    expect(complaintOf(promtool!, ['check', 'metrics'], text)).not.toMatch(/error while|invalid/i);
  });

  withPromtool('satisfies promtool: the alert rules', () => {
    expect(complaintOf(promtool!, ['check', 'rules', 'deploy/prometheus/alerts.yml'])).toBeNull();
  });

  withPromtool('satisfies promtool: the dashboard’s expressions, as if they were rules', async () => {
    const file = join(folder, 'dashboard.json');
    const asRules = panels
      .flatMap(({ targets = [] }) => targets)
      .map(({ expr }, index) => ({
        record: `panel_${index}`,
        expr: expr.replaceAll('$__rate_interval', '5m'),
      }));
    // Every JSON text is YAML, too.
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asRules }] }));
    expect(complaintOf(promtool!, ['check', 'rules', file])).toBeNull();
  });
});

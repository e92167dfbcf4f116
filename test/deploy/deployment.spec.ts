import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import { Deployment } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service } from 'kubernetes-models/v1';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config.js';
import { VARIABLES } from '../../src/config/variables.js';
import { STRONG_SECRETS } from '../support/secrets.js';

const read = (file: string) => readFileSync(file, 'utf8');

/** Fixed by a container, or useless without a volume, so the examples leave them alone. */
const LEFT_OUT = ['HOST', 'PORT', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'PLUGINS_DIR'];
const PASSED = VARIABLES.filter((name) => !LEFT_OUT.includes(name)).toSorted();
const withoutLeftOut = (variables: object) =>
  Object.keys(variables)
    .filter((name) => !LEFT_OUT.includes(name))
    .toSorted();

it('the Dockerfile has no complaint against it', () => {
  expect(validate(read('Dockerfile'))).toEqual([]);
});

describe('Kubernetes', () => {
  const folder = 'deploy/kubernetes';
  const kinds = {
    ConfigMap,
    Deployment,
    Job,
    Namespace,
    NetworkPolicy,
    PodDisruptionBudget,
    Secret,
    Service,
  };
  const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');

  it.each(files)('%s follows the schema', (file) => {
    const manifest = parse(read(`${folder}/${file}`)) as { kind: keyof typeof kinds };
    expect(() => new kinds[manifest.kind](manifest as never).validate()).not.toThrow();
  });

  it('applies every file but the secret', () => {
    const { resources } = parse(read(`${folder}/kustomization.yaml`)) as { resources: string[] };
    expect(resources.toSorted()).toEqual(files.filter((file) => file !== 'secret.example.yaml').toSorted());
  });

  it('sets every variable, to values that are valid', () => {
    const { data } = parse(read(`${folder}/configmap.yaml`)) as { data: Record<string, string> };
    const { stringData } = parse(read(`${folder}/secret.example.yaml`)) as {
      stringData: Record<string, string>;
    };
    expect(withoutLeftOut({ ...data, ...stringData })).toEqual(PASSED);
    // Behind an ingress all clients would otherwise share one rate limit.
    expect(loadConfig({ ...data, ...stringData, ...STRONG_SECRETS }).trustedProxies).not.toEqual([]);
  });

  it('lets only the ingress controller reach the port whose clients it forwards', () => {
    const policy = parse(read(`${folder}/network-policy.yaml`)) as {
      spec: { podSelector: { matchExpressions: { values: string[] }[] }; ingress: { ports: object[] }[] };
    };
    const { containers } = (
      parse(read(`${folder}/deployment.yaml`)) as {
        spec: { template: { spec: { containers: { ports: { name: string }[] }[] } } };
      }
    ).spec.template.spec;
    const ports = containers.flatMap((container) => container.ports.map(({ name }) => ({ port: name })));
    expect(policy.spec.ingress.flatMap((rule) => rule.ports)).toEqual(ports);
    const labels = ['deployment', 'migration-job'].map((file) => {
      const { spec } = parse(read(`${folder}/${file}.yaml`)) as {
        spec: { template: { metadata: { labels: { app: string } } } };
      };
      return spec.template.metadata.labels.app;
    });
    expect(policy.spec.podSelector.matchExpressions[0]?.values).toEqual(labels);
  });
});

describe('Compose', () => {
  it.each(['compose.yaml', 'compose.tls.yaml'])('%s has no error that the linter finds', (file) => {
    // nginx is there to be reached from everywhere.
    const rules = { 'no-unbound-port-interfaces': 0 } as const;
    const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] });
    // Its own types do not resolve here.
    const [{ messages }] = linter.lintFiles([`deploy/${file}`], false) as [
      { messages: { type: string; message: string }[] },
    ];
    expect(messages).not.toEqual([]);
    // The rest is about the order of keys.
    expect(messages.filter(({ type }) => type === 'error').map(({ message }) => message)).toEqual([]);
  });

  const { services } = parse(read('deploy/compose.yaml'), { merge: true }) as {
    services: Record<string, { environment?: Record<string, string> }>;
  };

  it('gives the secrets to the service alone, and every variable to each of its processes', () => {
    for (const [name, { environment = {} }] of Object.entries(services)) {
      const isOurs = name.startsWith('bo-auth') || name === 'migration';
      expect([name, 'TOKEN_PEPPER' in environment]).toEqual([name, isOurs]);
      if (isOurs) expect(withoutLeftOut(environment)).toEqual(PASSED);
    }
  });

  it('asks deploy/.env for the variables that its example has, each under its own name', () => {
    const asked = [...read('deploy/compose.yaml').matchAll(/^ *(\w+): .*?\$\{(\w+):/gm)];
    const names = new Set(asked.map(([, , name = '']) => name));
    const example = Object.keys(parseEnv(read('deploy/compose.env.example')));
    expect([...names].toSorted()).toEqual(example.toSorted());
    for (const [, variable, name] of asked) if (VARIABLES.includes(name ?? '')) expect(variable).toBe(name);
  });
});

it('pm2 runs the built service in fork mode, from the folder of package.json', async () => {
  const { default: config } = (await import('../../deploy/pm2/ecosystem.config.cjs' as string)) as {
    default: { apps: { cwd: string; script: string; exec_mode: string; env: Record<string, string> }[] };
  };
  const [app] = config.apps;
  expect(app).toMatchObject({ cwd: resolve('.'), script: 'dist/main.js', exec_mode: 'fork', instances: 1 });
  expect(VARIABLES).toEqual(expect.arrayContaining(Object.keys(app?.env ?? {})));
});

it('the systemd unit runs the built service, and waits for it longer than a shutdown takes', () => {
  const unit = read('deploy/systemd/bo-auth.service');
  const { shutdownDelayMs, shutdownDeadlineMs, maxConnections } = loadConfig({});
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
  expect(setting('ExecStart')).toMatch(/^\/usr\/bin\/node .*dist\/main\.js$/);
  expect(Number(setting('TimeoutStopSec')) * 1000).toBeGreaterThan(shutdownDelayMs + shutdownDeadlineMs);
  expect(Number(setting('LimitNOFILE'))).toBeGreaterThan(maxConnections);
});

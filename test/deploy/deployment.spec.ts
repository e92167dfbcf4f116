import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import { Deployment } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service } from 'kubernetes-models/v1';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config.js';
import { VARIABLES } from '../../src/config/variables.js';

const read = (file: string) => readFileSync(file, 'utf8');

it('the Dockerfile has no complaint against it', () => {
  expect(validate(read('Dockerfile'))).toEqual([]);
});

describe('Kubernetes', () => {
  const folder = 'deploy/kubernetes';
  const kinds = { ConfigMap, Deployment, Job, Namespace, PodDisruptionBudget, Secret, Service };
  const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');

  it.each(files)('%s follows the schema', (file) => {
    const manifest = parse(read(`${folder}/${file}`)) as { kind: keyof typeof kinds };
    expect(() => new kinds[manifest.kind](manifest as never).validate()).not.toThrow();
  });

  it('applies every file but the secret', () => {
    const { resources } = parse(read(`${folder}/kustomization.yaml`)) as { resources: string[] };
    expect(resources.toSorted()).toEqual(files.filter((file) => file !== 'secret.example.yaml').toSorted());
  });

  it('sets variables that exist, to values that are valid', () => {
    const { data } = parse(read(`${folder}/configmap.yaml`)) as { data: Record<string, string> };
    const { stringData } = parse(read(`${folder}/secret.example.yaml`)) as {
      stringData: Record<string, string>;
    };
    expect(VARIABLES).toEqual(expect.arrayContaining(Object.keys({ ...data, ...stringData })));
    const secrets = { JWT_SECRET: 'j'.repeat(32), TOKEN_PEPPER: 'p'.repeat(32) };
    // Behind an ingress all clients would otherwise share one rate limit.
    expect(loadConfig({ ...data, ...stringData, ...secrets }).trustedProxies).not.toEqual([]);
  });
});

it('the Compose file follows the schema, and the linter finds no error in it', () => {
  // nginx is there to be reached from everywhere.
  const rules = { 'no-unbound-port-interfaces': 0 } as const;
  const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] });
  // Its own types do not resolve here.
  const [{ messages }] = linter.lintFiles(['deploy/compose.yaml'], false) as [
    { messages: { type: string; message: string }[] },
  ];
  expect(messages).not.toEqual([]);
  // The rest is about the order of keys.
  expect(messages.filter(({ type }) => type === 'error').map(({ message }) => message)).toEqual([]);
});

it('Compose gives the secrets to the service alone', () => {
  const { services } = parse(read('deploy/compose.yaml'), { merge: true }) as {
    services: Record<string, { environment?: object }>;
  };
  for (const [name, { environment = {} }] of Object.entries(services)) {
    const ours = name.startsWith('bo-auth') || name === 'migration';
    expect([name, 'TOKEN_PEPPER' in environment]).toEqual([name, ours]);
    if (ours) expect(VARIABLES).toEqual(expect.arrayContaining(Object.keys(environment)));
  }
});

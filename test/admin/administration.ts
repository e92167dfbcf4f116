import { createHash, randomUUID } from 'node:crypto';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { ProjectView } from '../../src/admin/project/project-view.js';
import { type Answer, type Call, call, encryptByDES, startApp, type TestApp } from '../support/app.js';

export const OPERATOR = 'operator-token-of-this-test';
export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
export let test: TestApp;

/** As the operator, through the project `acme`. */
export const asOperator = <T = unknown>(
  method: Call['method'],
  url: string,
  payload?: object,
): Promise<Answer<T>> => call<T>(test, { method, url: `/admin${url}`, bearer: OPERATOR, payload });

export async function login(
  owner: string,
  userName: string,
  password: string,
  verify?: string,
): Promise<Answer<TokenGrant>> {
  return call<TokenGrant>(test, {
    method: 'POST',
    url: '/auth/token',
    owner,
    verify,
    payload: { userName, password },
  });
}

export const data = <T>(answer: Answer<T>): T => {
  if (answer.body.data === null) throw new Error(answer.text);
  return answer.body.data;
};

/** A fresh name, so that no test depends on another. */
export const fresh = (prefix: string) => `${prefix}-${randomUUID().slice(0, 8)}`;

export async function newProject(more: object = {}): Promise<ProjectView> {
  const made = await asOperator<ProjectView>('POST', '/projects', {
    ownerId: fresh('p'),
    name: 'A project',
    verifyCipher: 'des-ecb',
    ...more,
  });
  expect(made.status).toBe(201);
  return data(made);
}

export const seal = (project: ProjectView) =>
  encryptByDES(`${randomUUID()}|${test.clock.now()}`, project.verifyKey);

export const loginTo = (project: ProjectView, userName: string, password: string) =>
  login(project.ownerId, userName, password, seal(project));

export function startAdministration(): void {
  beforeAll(async () => {
    test = await startApp({ OPERATOR_TOKEN_HASH: sha256(OPERATOR) });
  });
  afterAll(() => test.close());
}

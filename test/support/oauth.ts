import { DEVELOPMENT_OPERATOR_TOKEN } from '../../src/config/config.js';
import { API, call, type TestApp } from './app.js';

/** Clients and standard endpoints of a project, for tests. */
export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface OAuthAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Registers a client of `acme`, or of another project. */
export async function addClient(
  test: TestApp,
  client: { clientId: string; type: 'public' | 'confidential' } & Record<string, unknown>,
  owner = 'acme',
): Promise<Client> {
  const answer = await call<Client>(test, {
    method: 'POST',
    url: `/admin/projects/${owner}/clients`,
    bearer: DEVELOPMENT_OPERATOR_TOKEN,
    payload: client,
  });
  if (answer.status !== 201 || answer.body.data === null) throw new Error(answer.text);
  return answer.body.data;
}

export function basic({ clientId, clientSecret }: Client): Readonly<Record<string, string>> {
  const pair = [clientId, clientSecret].map((part) => encodeURIComponent(part)).join(':');
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Sends a form to a standard endpoint of `acme`, or of another project. */
export async function oauth(
  test: TestApp,
  endpoint: string,
  form: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = {},
  owner = 'acme',
): Promise<OAuthAnswer> {
  const answer = await test.app.inject({
    method: 'POST',
    url: `${API}/oauth/${owner}/${endpoint}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}

/** Status and error of an answer, for comparison in tests. */
export function errorOf({ status, body }: OAuthAnswer): string {
  return `${status} ${String(body['error'])}`;
}

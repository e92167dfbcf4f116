import type { TokenGrant } from '../../src/auth/token-grant.js';
import { call, dataOf, login, startApp, type TestApp } from '../support/app.js';

export let test: TestApp;
export let alice: TokenGrant;

export const introspected = async (token: string, owner = 'acme') =>
  dataOf(
    await call<{ active: boolean }>(test, {
      method: 'POST',
      url: '/auth/token/introspect',
      owner,
      payload: { token },
    }),
  ).active;

/** No URL holds half a surrogate pair. */
export const isWellFormed = (text: string) => Buffer.from(text).toString() === text;

export function startAttackedService(): void {
  beforeAll(async () => {
    test = await startApp();
    alice = await login(test);
  });
  afterAll(() => test.close());
}

import { dataOf, login, refresh, startApp, type TestApp } from '../support/app.js';

export let test: TestApp;

export const refreshWith = async (headers: Record<string, string>, user = 'alice') => {
  const { refreshToken } = await login(test, { user });
  const answer = await refresh(test, refreshToken, { headers });
  // A refused request spends no token.
  if (answer.status !== 200) expect(dataOf(await refresh(test, refreshToken)).tokenSeq).toBe(2);
  return answer;
};

export function startTenantService(): void {
  beforeAll(async () => {
    test = await startApp();
  });
  afterAll(() => test.close());
  afterEach(() => test.clock.run());
}

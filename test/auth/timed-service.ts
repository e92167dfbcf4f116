import { STALENESS_MS } from '../../src/cache/staleness.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { claimsOf, dataOf, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';

export let test: TestApp;
export const SECOND = 1_000;
export const DAY = 86_400_000;
export const sidOf = ({ accessToken }: TokenGrant) => String(claimsOf(accessToken)['sid']);
export const next = async ({ refreshToken }: TokenGrant) => dataOf(await refresh(test, refreshToken));

export const outcome = async ({ refreshToken }: { refreshToken: string }) =>
  refusalOf(await refresh(test, refreshToken));

export const eventsOf = (session: TokenGrant) =>
  test.sql<{ kind: string; detail: string }>(
    'SELECT kind, detail FROM bo_auth_event WHERE session_id = $1 ORDER BY id',
    sidOf(session),
  );

export const rowOf = async (session: TokenGrant) =>
  (await test.sql('SELECT * FROM bo_auth_session WHERE id = $1', sidOf(session)))[0];

export const policy = async (columns: Record<string, string | number | null>) => {
  for (const [column, value] of Object.entries(columns))
    await test.sql(`UPDATE bo_project SET ${column} = $1 WHERE owner_id = 'acme'`, value);
  test.clock.advance(STALENESS_MS + 1);
};

export function startTimedService(): void {
  beforeAll(async () => {
    test = await startApp();
  });
  afterAll(() => test.close());
  beforeEach(() => test.clock.stop());
  afterEach(() => test.clock.run());
}

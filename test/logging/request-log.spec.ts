import { call, dataOf, login, refresh, startApp, type TestApp } from '../support/app.js';

type Line = Readonly<Record<string, unknown>>;

describe('the request log', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await startApp({ LOG_LEVEL: 'debug', RATE_LIMIT_PER_MINUTE: '40' });
  });

  afterAll(() => test.close());

  async function lineOf(request: () => PromiseLike<unknown>): Promise<Line> {
    const mark = test.log.length;
    await request();
    const lines = test.log.slice(mark).map((line) => JSON.parse(line) as Line);
    const [line] = lines.filter(({ msg }) => msg === 'request');
    if (line === undefined) throw new Error('no line was logged');
    return line;
  }

  const get = (url: string, headers: Record<string, string> = {}) => test.app.inject({ url, headers });

  it('has no boot line about routes, whose paths Nest gets wrong', () => {
    const contexts = test.log.map((line) => (JSON.parse(line) as Line)['context']);
    expect(contexts).toContain('InstanceLoader');
    expect(contexts).not.toContain('RouterExplorer');
    expect(contexts).not.toContain('RoutesResolver');
  });

  it.each(['/health/live', '/health/ready', '/metrics'])('logs the probe %s at debug', async (url) => {
    expect(await lineOf(() => get(url))).toMatchObject({ level: 'debug', route: url, status: 200 });
  });

  it('logs other requests at info', async () => {
    expect(await lineOf(() => login(test))).toMatchObject({ level: 'info', status: 200 });
  });

  it('logs the path of an unknown route without its query', async () => {
    const line = await lineOf(() => get('/bo/api/v3/auth/tokens?refreshToken=SECRET'));
    expect(line).toMatchObject({
      errorCode: 'ROUTE_UNKNOWN',
      route: null,
      path: '/bo/api/v3/auth/tokens',
    });
    expect(JSON.stringify(line)).not.toContain('SECRET');
  });

  it('logs the path of a wrong method', async () => {
    const line = await lineOf(() => test.app.inject({ method: 'PUT', url: '/bo/api/v3/auth/token' }));
    expect(line).toMatchObject({ errorCode: 'METHOD_NOT_ALLOWED', path: '/bo/api/v3/auth/token' });
  });

  it('masks what may be a token in an unknown path', async () => {
    const { refreshToken, accessToken } = await login(test);
    for (const token of [refreshToken, accessToken])
      expect(await lineOf(() => get(`/bo/api/v3/auth/${token}/x`))).toMatchObject({
        path: '/bo/api/v3/auth/*/x',
      });
  });

  it('bounds the path', async () => {
    const { path } = await lineOf(() => get('/abcdefgh'.repeat(1000)));
    expect(path).toBe('/abcdefgh'.repeat(1000).slice(0, 256));
  });

  it('has no path where there is a route', async () => {
    expect(await lineOf(() => refresh(test, 'x'))).not.toHaveProperty('path');
  });

  it('names the project that a failed request sent, though it is unknown or its key was not', async () => {
    expect(await lineOf(() => refresh(test, 'x', { owner: 'nobody' }))).toMatchObject({
      errorCode: 'PROJECT_UNKNOWN',
      ownerId: 'nobody',
    });
    expect(await lineOf(() => refresh(test, 'x', { verify: 'x' }))).toMatchObject({
      errorCode: 'VERIFY_API_REFUSED',
      ownerId: 'acme',
    });
  });

  it('does not name a project whose header is malformed', async () => {
    const line = await lineOf(() => refresh(test, 'x', { owner: 'a b' }));
    expect(line).toMatchObject({ errorCode: 'PROJECT_HEADER_INVALID' });
    expect(line).not.toHaveProperty('ownerId');
  });

  it('names the user name that a failed login tried, bounded', async () => {
    const attempt = (userName: string, password: string) =>
      lineOf(() => call(test, { method: 'POST', url: '/auth/token', payload: { userName, password } }));
    expect(await attempt('mallory', 'SECRET')).toMatchObject({ detail: 'no such user: mallory' });
    expect(await attempt('alice', 'SECRET')).toMatchObject({ detail: 'wrong password: alice' });
    const long = await attempt('m'.repeat(2000), 'SECRET');
    expect(JSON.stringify(long)).not.toContain('m'.repeat(65));
    expect(JSON.stringify(long)).not.toContain('SECRET');
  });

  it('names the parameter that is invalid, but not its value', async () => {
    const line = await lineOf(() =>
      call(test, { method: 'POST', url: '/auth/token', payload: { userName: 7, password: 'SECRET' } }),
    );
    expect(line).toMatchObject({ errorCode: 'PARAMETER_INVALID', detail: 'userName' });
    expect(JSON.stringify(line)).not.toContain('SECRET');
  });

  it('warns of a detected copy of a refresh token', async () => {
    const { refreshToken } = await login(test);
    const next = dataOf(await refresh(test, refreshToken));
    await refresh(test, next.refreshToken);
    test.clock.advance(300_000);
    expect(await lineOf(() => refresh(test, refreshToken))).toMatchObject({
      level: 'warn',
      errorCode: 'REFRESH_TOKEN_REUSED',
    });
  });

  it('names the project of a request over the limit', async () => {
    let line: Line = {};
    for (let sent = 0; sent < 60 && line['errorCode'] !== 'RATE_LIMITED'; sent++)
      line = await lineOf(() => refresh(test, 'x'));
    expect(line).toMatchObject({ errorCode: 'RATE_LIMITED', ownerId: 'acme', level: 'info' });
  });
});

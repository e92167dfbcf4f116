import * as jose from 'jose';
import { login, refresh } from '../support/app.js';
import { databaseFolder, endServices, presented, start } from './signing-key-service.js';

const OLD = 'old-jwt-secret-that-is-long-enough-for-it';
const NEW = 'new-jwt-secret-that-is-long-enough-for-it';

endServices();

it('JWT_SECRET is replaced without refusing a valid access token: new last, new first, new alone', async () => {
  const { url } = databaseFolder();
  const [before, added, swapped, after] = [
    await start({ DATABASE_URL: url, JWT_SECRET: OLD }),
    await start({ DATABASE_URL: url, JWT_SECRET: `0:${OLD},new:${NEW}` }),
    await start({ DATABASE_URL: url, JWT_SECRET: `new:${NEW},0:${OLD}` }),
    await start({ DATABASE_URL: url, JWT_SECRET: NEW }),
  ];
  const first = await login(before);
  const fromAdded = await login(added);
  const fromSwapped = await login(swapped);
  // Processes of two adjacent steps run at the same time.
  expect(await presented(added, first.accessToken)).toBe('200');
  expect(await presented(before, fromAdded.accessToken)).toBe('200');
  expect(await presented(swapped, fromAdded.accessToken)).toBe('200');
  expect(await presented(added, fromSwapped.accessToken)).toBe('200');
  expect(await presented(after, fromSwapped.accessToken)).toBe('200');
  // The last step ends what the old secret has signed, and only that.
  expect(await presented(after, first.accessToken)).toBe('401 ACCESS_TOKEN_REFUSED');
  expect((await refresh(after, first.refreshToken)).status).toBe(200);

  const verify = (token: string, secret: string) => jose.jwtVerify(token, Buffer.from(secret));
  await verify(fromAdded.accessToken, OLD);
  await verify(fromSwapped.accessToken, NEW);
});

it('a kid names a secret, and a token is verified by the one that it names alone', async () => {
  const service = await start({ JWT_SECRET: `new:${NEW},0:${OLD}` });
  const { accessToken } = await login(service);
  const { kid } = jose.decodeProtectedHeader(accessToken);
  const signed = (secret: string) =>
    new jose.SignJWT(jose.decodeJwt(accessToken))
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: String(kid) })
      .sign(Buffer.from(secret));
  expect(await presented(service, await signed(NEW))).toBe('200');
  expect(await presented(service, await signed(OLD))).toBe('401 ACCESS_TOKEN_REFUSED');
  expect(await presented(service, await signed(`new:${NEW},0:${OLD}`))).toBe('401 ACCESS_TOKEN_REFUSED');
});

it.each([`prod:${OLD}`, `${OLD}:${NEW}`, `a:${OLD},b:too-short`, `a:${OLD},`, `${OLD},${NEW}`])(
  '%s is one secret, as it was when JWT_SECRET could not be a list',
  async (text) => {
    const { accessToken } = await login(await start({ JWT_SECRET: text }));
    await jose.jwtVerify(accessToken, Buffer.from(text));
  },
);

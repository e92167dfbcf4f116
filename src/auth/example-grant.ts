import { EXAMPLE_TIME } from '../response/envelope/api-envelope.decorator.js';
import type { SessionView } from './own-sessions/session-view.js';
import type { TokenGrant } from './token-grant.js';

const DAY_MS = 86_400_000;
const LOGIN = EXAMPLE_TIME - 1_500_000;
const END = LOGIN + 14 * DAY_MS;

/** The example answer of the documentation. Its tokens are not real. */
export const EXAMPLE_GRANT: TokenGrant = {
  tokenType: 'Bearer',
  tokenUser: {
    clientId: 'ptdev',
    userId: 'ptdev',
    userName: 'dev',
    pushName: '开发管理员',
    roleId: ['development'],
    depId: [],
    areaCode: [],
    jobId: [],
    sysId: [],
    mergeUserId: [],
    developer: 1,
  },
  timeStamp: LOGIN,
  refreshToken: '0ExampleOfARefreshToken000000000',
  accessToken: 'eyJhbGciOiJIUzI1NiJ9.example.example',
  clientId: 'ptdev',
  expires: new Date(END + 8 * 3_600_000).toISOString().slice(0, 19),
  expiresIn: 60,
  tokenSeq: 1,
};

export const EXAMPLE_SESSION: SessionView = {
  sessionId: '7f3a9c02d4e1b865',
  clientId: 'ptdev',
  createdAt: new Date(LOGIN).toISOString(),
  lastRefreshedAt: new Date(EXAMPLE_TIME).toISOString(),
  expiresAt: new Date(END).toISOString(),
  ip: '192.0.2.10',
  userAgent: 'Mozilla/5.0',
  current: true,
};

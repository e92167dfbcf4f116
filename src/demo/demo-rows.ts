import type { Area } from '../tenancy/area/area.entity.js';
import type { Project } from '../tenancy/project/project.entity.js';
import type { System } from '../tenancy/system/system.entity.js';
import type { User } from '../tenancy/user/user.entity.js';

const DAY_SECONDS = 86_400;

const PROJECT: Omit<Project, 'ownerId' | 'name' | 'verifyKey' | 'createdAt'> = {
  status: 'active',
  statusMode: 'http',
  language: 'en',
  timeZone: 'UTC',
  accessTokenSeconds: 600,
  refreshPolicy: 'rotate',
  graceSeconds: 60,
  idleSeconds: 7 * DAY_SECONDS,
  absoluteSeconds: 14 * DAY_SECONDS,
  lostResponse: 'reissue',
  maxSessions: null,
  maxSessionsPerClient: null,
  whenFull: 'replace',
  loginMaxFailures: 5,
  loginLockSeconds: 600,
  allowedOrigins: null,
  refreshTokenIn: 'body',
  cookieSameSite: 'strict',
  secondFactor: 'off',
  passwordMinLength: 8,
  passwordMinClasses: 1,
  passwordMaxAgeDays: null,
  passwordHistory: 0,
  passwordBlocklist: 'off',
  firstLoginChange: 'off',
  issuer: 'fixed',
  audience: 'api',
  introspection: 'open',
  dpopNonce: 'off',
  passwordDecoys: null,
  verifyCipher: 'des-ecb',
  verifyIv: null,
  verifyPadding: 'pkcs7',
  verifyEncoding: 'base64',
  verifySkewSeconds: 300,
  verifyStampRequired: false,
};

export const PROJECTS: readonly Omit<Project, 'createdAt'>[] = [
  {
    ...PROJECT,
    ownerId: 'ptdev',
    name: '开发平台',
    timeZone: 'Asia/Shanghai',
    accessTokenSeconds: 60,
    refreshPolicy: 'reuse',
    idleSeconds: null,
    verifyKey: 'ptdev-58',
  },
  { ...PROJECT, ownerId: 'acme', name: 'Acme', verifyKey: 'acme-key' },
];

export const SYSTEMS: readonly System[] = [
  { ownerId: 'acme', sysId: 'crm', name: 'Customers' },
  { ownerId: 'acme', sysId: 'erp', name: 'Resources' },
];

/** Codes of GB/T 2260. */
export const AREAS: readonly Area[] = [
  { areaCode: '110000', parentCode: null, name: '北京市' },
  { areaCode: '310000', parentCode: null, name: '上海市' },
  { areaCode: '310100', parentCode: '310000', name: '市辖区' },
  { areaCode: '310101', parentCode: '310100', name: '黄浦区' },
];

const USER: Omit<
  User,
  'ownerId' | 'userId' | 'userName' | 'clientId' | 'pushName' | 'passwordHash' | 'createdAt'
> = {
  status: 'active',
  passwordFormat: null,
  passwordSalt: null,
  passwordUserName: null,
  mustChangePassword: false,
  passwordSetAt: null,
  validAfter: 0,
  roleId: [],
  depId: [],
  areaCode: [],
  jobId: [],
  sysId: [],
  mergeUserId: [],
  developer: 0,
  openId: '',
  wbId: '',
  wxOpenId: '',
  wxUnionId: '',
  telephone: '',
  headIcon: '',
};

/** With their published passwords. The hashes are made beforehand: hashing would be a tenth of a start. */
export const USERS: readonly (Omit<User, 'createdAt'> & { password: string })[] = [
  {
    ...USER,
    ownerId: 'ptdev',
    userId: 'ptdev',
    userName: 'dev',
    password: 'dev-password',
    passwordHash:
      '$argon2id$v=19$m=19456,t=2,p=1$fK4aq1acj9RorZayoeicBw$nhdnfb4B5HhpzprMUiToMWItvOXGsQlG6rnfL1UpRCA',
    clientId: 'ptdev',
    pushName: '开发管理员',
    roleId: ['development'],
    developer: 1,
  },
  {
    ...USER,
    ownerId: 'acme',
    userId: 'alice',
    userName: 'alice',
    password: 'alice-password',
    passwordHash:
      '$argon2id$v=19$m=19456,t=2,p=1$MAxJEf8ifOLu18P813Gxuw$UTzgmVvrXHtwwMc6WxR5BLrIAFUee+3SuA5RS4PXP+8',
    clientId: 'acme-web',
    pushName: 'Alice',
    sysId: ['crm'],
    areaCode: ['310000'],
  },
  {
    ...USER,
    ownerId: 'acme',
    userId: 'bob',
    userName: 'bob',
    password: 'bob-password',
    passwordHash:
      '$argon2id$v=19$m=19456,t=2,p=1$2Z8V2ps/Q+4RzaYQ05yhaw$YOlc9RoQSx682t9U/dwAMg/m3oHuao1cykhxs25uERs',
    clientId: 'acme-web',
    pushName: 'Bob',
  },
];

/** The session of the documentation's sample refresh token. */
export const SEED_SESSION = {
  id: '0000000000000001',
  ownerId: 'ptdev',
  userId: 'ptdev',
  clientId: 'ptdev',
  refreshToken: 'MtP0zZx1gZE66xDnhwd1UV973XoVL4nT',
} as const;

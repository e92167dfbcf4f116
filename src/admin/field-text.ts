import type { z } from 'zod';

/** What each field of the administration stands for, in what is sent and in what is answered. */
const FIELD_TEXT: Readonly<Record<string, string>> = {
  ownerId: 'The project, as XownerId names it. / 项目标识（XownerId）。',
  name: 'The name to show. / 显示名称。',
  status:
    'Whether it may be used: active or disabled. Of a signing key: published (it verifies), signing or retired. / 状态：启用或停用；签名密钥则为已发布（仅验证）、签名中或已停用。',
  statusMode:
    'http: failures have their real status; always200: for old clients that understand no other. / http：返回真实状态码；always200：一律返回 200。',
  timeZone: 'An IANA time zone, for local times and stamps without a zone. / IANA 时区名称，用于本地时间。',
  accessTokenSeconds: 'Lifetime of an access token, in seconds. / 访问令牌有效期，秒。',
  refreshPolicy:
    'rotate: each refresh gives a new refresh token; reuse: the same one. / rotate：每次刷新换新令牌；reuse：重复使用。',
  graceSeconds:
    'For how long a refresh token yields the same successor again, in seconds. / 旧令牌可重复换取同一新令牌的宽限期，秒。',
  idleSeconds:
    'A session that is not refreshed ends after so many seconds; null: only the absolute end counts. / 空闲到期时间，秒；null 表示不限。',
  absoluteSeconds: 'A session ends after so many seconds in any case. / 会话绝对有效期，秒。',
  lostResponse:
    'What a lost answer costs after the grace time: reissue a token, or revoke the session. / 宽限期后丢失应答的处理：重新发放或撤销会话。',
  maxSessions:
    'How many sessions a user may have at once; null: any number. / 每个用户的最大会话数；null 表示不限。',
  verifyCipher: 'The cipher of XverifyApi. / XverifyApi 的算法。',
  verifyKey:
    'The key of XverifyApi, as text; one is made where none is given, and it is told once. / XverifyApi 密钥，缺省时自动生成，仅显示一次。',
  verifyIv: 'The initialisation vector, for des-cbc alone, as text. / 初始向量，仅用于 des-cbc。',
  verifyEncoding: 'How XverifyApi is encoded; all are accepted. / XverifyApi 的编码，各种编码均接受。',
  verifySkewSeconds:
    'How far a stamp may lie from the server’s clock, in seconds. / 时间戳允许的最大偏差，秒。',
  verifyStampRequired: 'Whether XverifyApi must hold a time stamp. / XverifyApi 是否必须带时间戳。',
  verifyPreviousUntil:
    'Until when the key before this one is accepted (ISO 8601, UTC); null: there is none. / 旧密钥的失效时间，UTC；null 表示没有。',
  overlapSeconds: 'For how long the old key is still accepted, in seconds. / 旧密钥继续有效的时间，秒。',
  kid: 'The thumbprint of the signing key (RFC 7638), as tokens name it. / 签名密钥的指纹（RFC 7638），令牌以此引用。',
  algorithm: 'What the key signs with; ES256 unless another is wanted. / 签名算法，缺省为 ES256。',
  force:
    'Whether to do it at once; for a key that has leaked: honest tokens may be refused meanwhile. / 是否立即执行，用于密钥泄露；期间有效令牌可能被拒绝。',
  publishedAt: 'When the key was made: ISO 8601, UTC. / 密钥发布时间，UTC。',
  signingAt:
    'When it last began to sign (ISO 8601, UTC); null: it never did. / 最近开始签名的时间，UTC；null 表示从未签名。',
  promotableAt:
    'From when on it may be promoted without force (ISO 8601, UTC); null: it signs, or is retired. / 可启用签名的最早时间，UTC；null 表示签名中或已停用。',
  retirableAt:
    'From when on it may be retired without force (ISO 8601, UTC); null: it signs, or is retired. / 可停用的最早时间，UTC；null 表示签名中或已停用。',
  retiredAt: 'When it was retired (ISO 8601, UTC); null: it is not. / 停用时间，UTC；null 表示未停用。',
  createdAt: 'When it was made: ISO 8601, UTC. / 创建时间，UTC。',
  userId: 'The user’s identifier within the project. / 项目内的用户标识。',
  userName: 'What the user signs in with. / 登录名。',
  clientId: 'The client application of a login that names none. / 默认的客户端应用。',
  pushName: 'The name to show. / 显示名称。',
  roleId: 'Identifiers of roles. / 角色标识。',
  depId: 'Identifiers of departments. / 部门标识。',
  areaCode: 'Administrative area or areas, e.g. of GB/T 2260. / 行政区划代码（如 GB/T 2260）。',
  parentCode:
    'The area above; null: none; absent in an import: derived from the code. / 上级区划；null 表示没有；导入时缺省则由代码推算。',
  jobId: 'Identifiers of posts. / 岗位标识。',
  sysId: 'System or systems, as XsysId names them. / 系统标识（XsysId）。',
  mergeUserId: 'Accounts that were merged into this one. / 已并入的账号标识。',
  developer: '1: may administer the project; else 0. / 1 表示可管理本项目，否则为 0。',
  openId: 'An identifier at an identity provider. / 第三方平台标识。',
  wbId: 'The Weibo identifier. / 微博标识。',
  wxOpenId: 'The WeChat openid. / 微信 openid。',
  wxUnionId: 'The WeChat unionid. / 微信 unionid。',
  telephone: 'The telephone number. / 电话。',
  headIcon: 'The URL of the portrait. / 头像地址。',
  validAfter:
    'Sessions that began before are over (ISO 8601, UTC); null: never logged out everywhere. / 此前开始的会话均已失效，UTC；null 表示从未全部退出。',
  password: 'The password, 8 to 1024 characters. / 密码，8 至 1024 个字符。',
  passwordHash:
    'Instead of the password, an argon2id hash as a PHC string. / 以 PHC 字符串形式的 argon2id 哈希代替密码。',
  keepSessions: 'Whether the user’s sessions live on. / 是否保留该用户的会话。',
  limit: 'How many items a page holds, 1 to 200. / 每页条数，1 至 200。',
  cursor: 'The nextCursor of the page before. / 上一页的 nextCursor。',
  nextCursor: 'For the next page; null: this was the last. / 下一页的游标；null 表示最后一页。',
  items: 'The items of the list. / 列表项。',
  strict: 'Whether one item that is refused refuses all. / 是否一项被拒即全部拒绝。',
  since:
    'Only events at or after this time: ISO 8601 with an offset, or ms since the epoch. / 起始时间（含），ISO 8601 或毫秒时间戳。',
  until:
    'Only events before this time: ISO 8601 with an offset, or ms since the epoch. / 截止时间（不含），ISO 8601 或毫秒时间戳。',
  kind: 'The kind of event, e.g. login. / 事件类型，如 login。',
  id: 'The number of the event. / 事件编号。',
  at: 'When it happened: ISO 8601, UTC. / 发生时间，UTC。',
  sessionId: 'The session; null: all of the user. / 会话标识；null 表示该用户的全部会话。',
  detail: 'What else is known of it. / 其他详情。',
  lastRefreshedAt: 'The last new refresh token: ISO 8601, UTC. / 最近一次发出新刷新令牌的时间，UTC。',
  expiresAt: 'The earlier of the idle and the absolute end: ISO 8601, UTC. / 到期时间，UTC。',
  ip: 'The address that signed in. / 登录时的客户端地址。',
  userAgent: 'The User-Agent that signed in. / 登录时的 User-Agent。',
  line: 'The place of the item, from 1. / 项的位置，从 1 开始。',
  reason: 'Why it was refused. / 被拒绝的原因。',
  imported: 'How many were taken over. / 导入的数量。',
  moved: 'How many other areas moved below an imported one. / 因本次导入而归入新上级的区划数量。',
  detached:
    'Areas without a parent that are not provinces. Import the areas above them. / 没有上级且不是省级的区划，请导入其上级区划。',
  count: 'How many there are. / 数量。',
  first: 'The first of them, at most 5. / 前几项，至多 5 个。',
  existing: 'How many had been taken over before. / 此前已导入的数量。',
  refused: 'What was refused, by its place. / 被拒绝的项及其位置。',
  ended: 'How many active sessions were ended. / 终止的有效会话数。',
  removed: 'How many were removed. / 移除的数量。',
};

/** Gives each field its text, for the documentation. */
export function described<Shape extends z.ZodRawShape>(shape: Shape): Shape {
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => {
      const text = FIELD_TEXT[name];
      return [name, text === undefined ? schema : (schema as z.ZodType).describe(text)];
    }),
  ) as Shape;
}

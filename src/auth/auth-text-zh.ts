const REFRESHING =
  '项目策略为 `reuse` 时返回同一个刷新令牌；为 `rotate` 时返回新的刷新令牌。宽限期（默认 60 秒）内用上一个令牌重试会得到同一个新令牌，因此客户端丢失响应后直接重发请求即可。宽限期之后再使用旧令牌视为令牌被盗用，会话随即终止；若项目设置为 `lostResponse: reissue`，且新令牌从未被使用，则上一个令牌仍可换取新令牌。';

/** Of a call that opens a session. */
const loginFields = (call: string) => ({
  [`${call}.userName`]: '登录名。',
  [`${call}.password`]: '密码。',
  [`${call}.code`]: '双因素验证码：验证器应用中的六位数字，或恢复码。不需要时忽略。',
  [`${call}.refreshTokenIn`]:
    '供将刷新令牌存放在 Cookie 中的项目的应用使用：本次登录在响应体中返回刷新令牌。',
  [`${call}.clientId`]: '登录的客户端应用，默认为用户自身的客户端应用。',
});

/** The Chinese texts of the tokens, the sessions and the key set. @see documentTexts for the keys */
export const AUTH_TEXT_ZH: Readonly<Record<string, string>> = {
  'login.summary': '登录',
  ...loginFields('login'),
  'login.description':
    '创建会话并返回首批令牌。用户不存在与密码错误的响应内容和耗时完全相同。已绑定双因素认证的用户还须提交 `code`；密码正确而缺少 `code` 时返回 401 `SECOND_FACTOR_REQUIRED`。登录失败次数过多时，该用户名在客户端所在网段会被锁定。',

  'changePassword.summary': '修改本人密码',
  'changePassword.description':
    '凭当前密码而非访问令牌调用：适用于主动修改、首次登录和密码过期。返回与登录相同的内容和新的会话，该用户的其他会话全部终止（`PASSWORD_CHANGED`）。',
  ...loginFields('changePassword'),
  'changePassword.newPassword': '新密码，须符合本项目的密码规则。',

  'refresh.summary': '刷新令牌（GET，供现有客户端使用）',
  'refresh.description': `为现有客户端保留，与接口文档完全兼容，现有客户端无需改动。**已弃用**：凭据出现在 URL 中，会被代理、日志和浏览器历史记录留存（OWASP ASVS 14.2.1）。新客户端请使用同一路径的 POST，功能相同。\n\n${REFRESHING}`,
  'refresh.refreshToken': '会话最新的刷新令牌。除非项目将其存放在 Cookie 中，否则必填。',

  'refreshByPost.summary': '刷新令牌',
  'refreshByPost.description': `返回新的访问令牌；项目策略为 \`rotate\` 时同时返回新的刷新令牌（RFC 6749 §6）。\n\n${REFRESHING}`,
  'refreshByPost.refreshToken': '会话最新的刷新令牌。除非项目将其存放在 Cookie 中，否则必填。',

  'revoke.summary': '退出登录（撤销刷新令牌）',
  'revoke.description':
    '终止该刷新令牌所属的会话（RFC 7009）。提交会话的任意一个刷新令牌均可，令牌不存在也返回成功。',
  'revoke.refreshToken': '会话的任意一个刷新令牌。除非项目将其存放在 Cookie 中，否则必填。',
  'Revoked.revoked': '令牌已撤销。令牌不存在或已过期时也为 `true`。',

  'introspect.summary': '令牌内省',
  'introspect.description':
    '查询访问令牌或刷新令牌是否有效；有效时返回其声明（RFC 7662），无效时只返回 `active: false`。项目设置 `introspection: client`（新项目的默认值）时，仅限机密客户端调用，使用 HTTP Basic 认证。',
  'introspect.token': '要查询的访问令牌或刷新令牌。',
  InactiveToken: '令牌不存在、被篡改、已过期、已撤销或由其他项目签发。',
  'InactiveToken.active': '令牌无效，不返回其他信息。',
  ActiveAccessToken: '访问令牌的声明。',
  'ActiveAccessToken.active': '令牌有效。',
  'ActiveAccessToken.token_type': '访问令牌。`DPoP`：须附带 `cnf` 中密钥的证明才有效。',
  'ActiveAccessToken.iss': '签发者。',
  'ActiveAccessToken.aud': '受众。',
  'ActiveAccessToken.id': '用户标识，项目内唯一。',
  'ActiveAccessToken.name': '登录名。',
  'ActiveAccessToken.client_id': '会话所属的客户端应用。',
  'ActiveAccessToken.expires': '`exp` 对应的项目时区本地时间，格式 `YYYY/M/D HH:mm:ss`。',
  'ActiveAccessToken.open_id': '用户在第三方身份平台的标识，可为空。',
  'ActiveAccessToken.wb_id': '微博标识，可为空。',
  'ActiveAccessToken.wx_open_id': '微信 openid，可为空。',
  'ActiveAccessToken.wx_union_id': '微信 unionid，可为空。',
  'ActiveAccessToken.telephone': '电话号码，可为空。',
  'ActiveAccessToken.push_name': '显示名称。',
  'ActiveAccessToken.head_icon': '头像 URL，可为空。',
  'ActiveAccessToken.dep_id': '部门标识，以逗号分隔。',
  'ActiveAccessToken.sys_id': '系统标识，以逗号分隔。',
  'ActiveAccessToken.merge_user_id': '已合并账号的标识，以逗号分隔。',
  'ActiveAccessToken.area_code': '行政区划代码，以逗号分隔。',
  'ActiveAccessToken.role_id': '角色标识，以逗号分隔。',
  'ActiveAccessToken.developer': '`"1"` 表示项目开发者，`"0"` 表示不是。',
  'ActiveAccessToken.nbf': '生效时间，Unix 时间戳（秒）。',
  'ActiveAccessToken.exp': '到期时间，Unix 时间戳（秒）。',
  'ActiveAccessToken.iat': '签发时间，Unix 时间戳（秒）。',
  'ActiveAccessToken.owner_id': '项目标识（`XownerId`）。',
  'ActiveAccessToken.sid': '会话标识。',
  'ActiveAccessToken.jti': '令牌标识。',
  'ActiveAccessToken.sub': '与 `id` 相同，使用标准声明名。',
  'ActiveAccessToken.scope': '会话的 OAuth 权限范围（如有）。',
  'ActiveAccessToken.cnf': '会话绑定的密钥（如有，RFC 9449 §6）。',
  'ActiveAccessToken.jkt': '密钥的 SHA-256 指纹（RFC 7638）。',
  ActiveRefreshToken: '刷新令牌所属的会话。',
  'ActiveRefreshToken.active': '令牌有效。',
  'ActiveRefreshToken.token_type': '刷新令牌。',
  'ActiveRefreshToken.owner_id': '项目标识（`XownerId`）。',
  'ActiveRefreshToken.id': '用户标识，项目内唯一。',
  'ActiveRefreshToken.client_id': '会话所属的客户端应用。',
  'ActiveRefreshToken.sid': '会话标识。',
  'ActiveRefreshToken.iat': '登录时间，Unix 时间戳（秒）。',
  'ActiveRefreshToken.exp': '会话到期时间，Unix 时间戳（秒）：空闲到期与绝对到期中较早者。',
  'ActiveRefreshToken.token_seq': '会话最新刷新令牌的序号。',

  TokenGrant: '会话的令牌，字段名为 `common-data` 插件输出的形式。',
  'TokenGrant.tokenType':
    '访问令牌的发送方式：`Authorization: Bearer …`；绑定密钥的会话为 `Authorization: DPoP …`，并附带证明。',
  'TokenGrant.timeStamp': '会话创建（登录）时间，Unix 时间戳（毫秒）。',
  'TokenGrant.refreshToken': '下次刷新使用的刷新令牌，取代上一个。',
  'TokenGrant.accessToken': '访问令牌（JWT，RFC 7519），用于 `Authorization` 请求头。',
  'TokenGrant.clientId': '与 `tokenUser` 中的相同。',
  'TokenGrant.expires':
    '会话的绝对到期时间，项目时区的本地时间，格式 `YYYY-MM-DDTHH:mm:ss`，不带时区。刷新不会延长。',
  'TokenGrant.expiresIn': '访问令牌的有效期，单位为秒。',
  'TokenGrant.tokenSeq': '会话每签发一个新的刷新令牌就递增。比较两个响应时，序号大的较新。',
  TokenUser: '会话的用户。',
  'TokenUser.clientId': '会话所属的客户端应用：登录时指定的应用，未指定时为用户默认的应用。',
  'TokenUser.userId': '用户标识，项目内唯一。',
  'TokenUser.userName': '登录名。',
  'TokenUser.pushName': '显示名称。',
  'TokenUser.roleId': '用户的角色标识。',
  'TokenUser.depId': '用户的部门标识。',
  'TokenUser.areaCode': '用户可访问的行政区划，含下级区划。为空表示不限。',
  'TokenUser.jobId': '用户的岗位标识。',
  'TokenUser.sysId': '用户可使用的系统。为空表示不限。',
  'TokenUser.mergeUserId': '已合并到本账号的账号标识。',
  'TokenUser.developer': '1 表示项目开发者，0 表示不是。',

  'login.DPoP':
    'DPoP 证明（RFC 9449）。带上后，会话与证明所用的密钥绑定：其令牌须附带同一密钥的新证明才有效。',
  'changePassword.DPoP':
    'DPoP 证明（RFC 9449）。带上后，会话与证明所用的密钥绑定：其令牌须附带同一密钥的新证明才有效。',
  'refresh.DPoP': '由会话密钥签名的 DPoP 证明（RFC 9449）。绑定密钥的会话必填，其他会话忽略。',
  'refreshByPost.DPoP': '由会话密钥签名的 DPoP 证明（RFC 9449）。绑定密钥的会话必填，其他会话忽略。',
  DPoP: '含 `ath` 的 DPoP 证明（RFC 9449）。绑定密钥的会话必填，其访问令牌以 `Authorization: DPoP …` 发送。',

  'user.summary': '查询当前用户',
  'user.description': '返回访问令牌所属的用户。',
  'listSessions.summary': '查询我的会话',
  'listSessions.description': '分页返回当前用户的有效会话，按登录时间由近及远排列。',
  'listSessions.limit': '每页条数，1 至 200，默认 100。',
  'listSessions.cursor': '上一页的 `nextCursor`。',
  'endSessions.summary': '终止我的其他会话或全部会话',
  'endSessions.description':
    '`scope=others`：终止当前用户除访问令牌所属会话之外的全部会话；`scope=all`：该会话也一并终止。',
  'endSessions.scope': '`others` 或 `all`。必填，缺少时不终止任何会话。',
  'endSession.summary': '终止我的一个会话',
  'endSession.description': '终止当前用户的一个会话。他人的会话与不存在的会话一样返回 404。',
  'endSession.sessionId': '会话标识，取自会话列表。',
  'Ended.ended': '终止的有效会话数。',
  'SessionList.items': '有效的会话。',
  'SessionList.nextCursor': '下一页的游标。null 表示已是最后一页。',
  SessionView: '用户本人可见的会话信息。',
  'SessionView.sessionId': '会话标识，用于 `DELETE /auth/sessions/{sessionId}`。',
  'SessionView.clientId': '登录的客户端应用。',
  'SessionView.createdAt': '登录时间（ISO 8601，UTC）。',
  'SessionView.lastRefreshedAt':
    '最新的刷新令牌的签发时间（ISO 8601，UTC）。项目策略为 `reuse` 时即登录时间。',
  'SessionView.expiresAt': '会话到期时间（ISO 8601，UTC）：空闲到期与绝对到期中较早者。',
  'SessionView.ip': '登录时的客户端地址。',
  'SessionView.userAgent': '登录时的 `User-Agent`，最多保留 256 个字符。',
  'SessionView.current': '是否为本次请求的访问令牌所属的会话。',

  'beginSecondFactor.summary': '绑定双因素认证',
  'beginSecondFactor.description':
    '返回供验证器应用使用的新密钥（TOTP，RFC 6238）。在用验证码确认之前，用户的登录不受影响；再次调用会返回另一个密钥。已绑定的用户返回 409：须先解除绑定，或请管理员重置。',
  'beginSecondFactor.userName': '登录名。',
  'beginSecondFactor.password': '密码。',
  'NewSecondFactor.secret': 'Base32 形式的密钥，供手工输入验证器应用。',
  'NewSecondFactor.otpauthUri':
    '同一密钥的 URI，供页面显示为二维码。该 URI 属于机密，请在页面本地生成二维码。',
  'confirmSecondFactor.summary': '确认绑定双因素认证',
  'confirmSecondFactor.description':
    '用验证器应用中的验证码完成绑定，并返回恢复码。此后该用户每次登录都需要验证码。用于确认的验证码不能再次使用。',
  'confirmSecondFactor.userName': '登录名。',
  'confirmSecondFactor.password': '密码。',
  'confirmSecondFactor.code': '验证器应用中的六位数字。',
  'RecoveryCodes.recoveryCodes': '十个恢复码，无法使用验证器应用时每个可代替验证码登录一次。仅显示这一次。',
  'removeSecondFactor.summary': '解除我的双因素认证',
  'removeSecondFactor.description':
    '解除当前用户的双因素认证，仅限将其设为可选的项目。须提交当前的验证码或恢复码。',
  'removeSecondFactor.code': '验证器应用中的六位数字，或恢复码。',
  'SecondFactorRemoved.removed': '已解除双因素认证。',

  'keySet.summary': '验证访问令牌的公钥集',
  'keySet.description':
    '查询参数或 `XownerId` 请求头指定的项目的公钥集（JWK Set，RFC 7517）；均未指定时返回全部项目的公钥。仅使用 HS256 时为空。',
  'keySet.project': '项目的 `ownerId`。',
  'keySet.200': '公钥集（JWK Set，RFC 7517）。',
};

const client = (call: string) => ({
  [`${call}.client_id`]: '客户端标识；使用 HTTP Basic 认证时不需要。',
  [`${call}.client_secret`]: '机密客户端的密钥；使用 HTTP Basic 认证时不需要。',
});

const token = (call: string) => ({
  [`${call}.token_type_hint`]: '可不提供：令牌的类型由令牌本身即可识别。',
  ...client(call),
});

/** The Chinese texts of the standard endpoints. @see documentTexts for the keys */
export const OAUTH_TEXT_ZH: Readonly<Record<string, string>> = {
  'tag.OAuth 2': '项目的标准端点，不使用租户请求头和响应信封。',
  'security.client': '机密客户端的标识和密钥。',

  error: '错误码（RFC 6749 §5.2）。',
  error_description: '一句说明，供开发者阅读。',

  'oauthToken.summary': '获取或刷新令牌（RFC 6749）',
  'oauthToken.description':
    '支持 `password`、`refresh_token` 和 `client_credentials` 授权，以客户端注册的为准。不提供 `scope` 时，令牌拥有客户端或会话的全部权限范围；与请求不同时，响应会给出 `scope`。宽限期内用同一个刷新令牌重试，得到同一个新令牌。接口文档中返回 409 的情形，此处返回 503 `temporarily_unavailable` 和 `Retry-After`。',
  'oauthToken.DPoP':
    'DPoP 证明（RFC 9449）。带上后，会话与证明所用的密钥绑定：其令牌须附带同一密钥的新证明才有效。',
  'oauthToken.grant_type': '授权类型。',
  'oauthToken.username': '用于 `password`：登录名。',
  'oauthToken.password': '用于 `password`：密码。',
  'oauthToken.code': '用于 `password`：双因素验证码（需要时）。',
  'oauthToken.refresh_token': '会话最新的刷新令牌。',
  'oauthToken.scope': '权限范围（scope），以空格分隔。',
  ...client('oauthToken'),
  'oauthToken.200': '令牌（RFC 6749 §5.1）。',

  'oauthToken.access_token': '访问令牌，JWT。',
  'oauthToken.token_type': '访问令牌的发送方式。',
  'oauthToken.expires_in': '访问令牌的有效期，单位为秒。',

  'oauthRevoke.summary': '撤销令牌（RFC 7009）',
  'oauthRevoke.description': '终止颁发给该客户端的访问令牌或刷新令牌所属的会话。令牌不存在也返回成功。',
  'oauthRevoke.token': '要撤销的令牌。',
  ...token('oauthRevoke'),
  'oauthRevoke.200': '令牌已失效。',

  'oauthIntrospect.summary': '查询令牌（RFC 7662）',
  'oauthIntrospect.description': '查询本项目的令牌是否有效及其内容，供机密客户端使用。',
  'oauthIntrospect.token': '要查询的访问令牌或刷新令牌。',
  ...token('oauthIntrospect'),
  'oauthIntrospect.200': '令牌的内容（RFC 7662 §2.2）。',

  'oauthIntrospect.active': '令牌是否有效。',

  token_endpoint: '令牌端点。',
  jwks_uri: '本项目的公钥集。',
  'oauthMetadata.issuer': '签发者。',
  'openIdConfiguration.issuer': '签发者。',

  'oauthMetadata.summary': '授权服务器元数据（RFC 8414）',
  'oauthMetadata.description': '本项目的签发者、端点和公钥集，供客户端自动发现。',
  'oauthMetadata.200': '元数据。',
  'openIdConfiguration.summary': '同一元数据，位于 Spring 和 ASP.NET 查找的位置',
  'openIdConfiguration.description': '本项目的签发者、端点和公钥集，供客户端自动发现。',
  'openIdConfiguration.200': '元数据。',

  'oauthRevocations.summary': '已终止的会话，供自行验证访问令牌的服务使用',
  'oauthRevocations.description':
    '自游标以来终止的全部会话，以及全部会话被终止的用户；只要其访问令牌仍可能有效就会列出。不提供 `after` 时返回当前状态。每次最多 1000 条；请用返回的 `cursor` 继续调用，直到返回不足 1000 条。供机密客户端使用，以 HTTP Basic 认证。',
  'oauthRevocations.after': '上一次返回的 `cursor`。不提供则返回当前状态。',
  'oauthRevocations.wait': '没有新内容时最多等待的秒数，0 至 30。',
  'oauthRevocations.200': '自游标以来的变化。',
  'oauthRevocations.cursor': '下一次调用的 `after`。',
  'oauthRevocations.ended': '已终止的会话。请拒绝带有这些 `sid` 的访问令牌。',
  'oauthRevocations.sid': '会话标识，即声明 `sid`。',
  'oauthRevocations.exp': '该会话的访问令牌最迟失效的时间，Unix 时间戳，单位为秒。',
  'oauthRevocations.users': '全部会话被终止的用户。',
  'oauthRevocations.id': '用户标识，即声明 `sub`。',
  'oauthRevocations.before': '请拒绝该用户在此时间之前签发（`iat`）的访问令牌，Unix 时间戳，单位为毫秒。',
};

/** The Chinese texts of the document itself. @see documentTexts for the keys */
export const DOCS_TEXT_ZH: Readonly<Record<string, string>> = {
  introduction: `
为多个项目签发和刷新令牌。试用接口：展开接口，点击 **Try it out**，再点击 **Execute**。租户请求头由本页自动填写，登录或刷新得到的令牌会自动填入后续调用。**Authorize** 会记住项目和访问令牌。

所有响应使用统一响应结构：\`success\`、\`code\`、\`message\`、\`data\`、\`error\`、\`cacheType\`、\`cacheDate\`。出错时返回真实的 HTTP 状态码（项目可配置为一律返回 200）；请求头带 \`Accept: application/problem+json\` 时返回 RFC 9457 格式。路径不存在返回 404 \`ROUTE_UNKNOWN\`，方法不支持返回 405 \`METHOD_NOT_ALLOWED\`。
`.trim(),
  'tag.Tokens': '登录、刷新、退出登录、令牌内省。',
  'tag.Sessions': '当前用户及其会话。',
  'tag.Second factor': '密码之外的基于时间的一次性验证码（TOTP）。',
  'tag.Administration': '管理项目、系统、用户、签名密钥，查询审计日志。',
  'tag.Keys': '供其他服务验证访问令牌的公钥。',
  'tag.Health': '健康检查与监控指标：不需要租户请求头，不使用统一响应结构。',
  'security.bearer': '登录或刷新返回的 `accessToken`。',
  'security.operator': '平台运维人员的令牌，可管理所有项目。',
};

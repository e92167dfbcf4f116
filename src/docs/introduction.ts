/** The introduction of the API documentation, in Markdown. */
export const INTRODUCTION = `
Issues and refreshes the tokens of many projects. Open a call, press **Try it out**, then **Execute**: the tenant headers are filled in, and what a login or refresh answers is filled into the calls after it. **Authorize** remembers the project and the access token.

Every answer is one envelope: \`success\`, \`code\`, \`message\`, \`data\`, \`error\`, \`cacheType\`, \`cacheDate\`. A failure has its real HTTP status, unless the project asks for 200 throughout, and \`Accept: application/problem+json\` gets it as RFC 9457 has it. An unknown path is 404 \`ROUTE_UNKNOWN\`, another method 405 \`METHOD_NOT_ALLOWED\`.

为多个项目签发和刷新令牌。展开接口，点击 **Try it out**，再点击 **Execute**：租户请求头自动填写，登录或刷新的结果自动填入后续调用。**Authorize** 会记住项目与访问令牌。

所有应答使用同一外层结构：\`success\`、\`code\`、\`message\`、\`data\`、\`error\`、\`cacheType\`、\`cacheDate\`。失败时为真实的 HTTP 状态码（项目可配置为一律 200）；\`Accept: application/problem+json\` 返回 RFC 9457 格式。路径不存在为 404 \`ROUTE_UNKNOWN\`，方法不支持为 405 \`METHOD_NOT_ALLOWED\`。
`.trim();

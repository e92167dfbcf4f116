/** What the documentation begins with. */
export const INTRODUCTION = `
Issues and refreshes the tokens of many projects. / 为多个项目签发和刷新令牌。

**A call** carries the tenant headers. \`XownerId\` names the project, \`XverifyApi\` proves that the caller knows the project's key: a fresh \`encryptByDES(newGuid())\` for each request. On this page both are filled in for you: open a call, press **Try it out**, then **Execute**. What a login or refresh answers is filled into the calls after it, and **Authorize** remembers the project and the access token.

**一次调用**需带租户请求头：\`XownerId\` 指明项目，\`XverifyApi\` 证明调用者持有项目密钥（每次请求重新执行 \`encryptByDES(newGuid())\`）。本页会自动填写两者：展开接口，点击 **Try it out**，再点击 **Execute** 即可。登录或刷新的结果会自动填入后续调用，**Authorize** 会记住项目与访问令牌。

**An answer** is one envelope, success or failure: \`success\`, \`code\`, \`message\`, \`data\`, \`error\`, \`cacheType\`, \`cacheDate\`. Failures carry the real HTTP status (a project may ask for 200 throughout; the body is the same), and \`Accept: application/problem+json\` asks for RFC 9457 problem details. An unknown path answers 404 \`ROUTE_UNKNOWN\`, another method 405 \`METHOD_NOT_ALLOWED\`.

**应答**无论成败都使用同一外层结构：\`success\`、\`code\`、\`message\`、\`data\`、\`error\`、\`cacheType\`、\`cacheDate\`。失败时返回真实的 HTTP 状态码（项目可配置为一律 200，应答体不变）；\`Accept: application/problem+json\` 则返回 RFC 9457 格式。路径不存在为 404 \`ROUTE_UNKNOWN\`，方法不支持为 405 \`METHOD_NOT_ALLOWED\`。
`.trim();

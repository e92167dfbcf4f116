/** The introduction of the API documentation, in Markdown. */
export const INTRODUCTION = `
Issues and refreshes tokens for many projects. To try a call, open it and press **Try it out**, then **Execute**. This page fills in the tenant headers, and copies the tokens of a login or refresh into the calls after it. **Authorize** keeps the project and the access token.

Every response is an envelope: \`success\`, \`code\`, \`message\`, \`data\`, \`error\`, \`cacheType\`, \`cacheDate\`. An error has its real HTTP status, unless the project is set to answer 200 always. With \`Accept: application/problem+json\` it comes as RFC 9457 problem details. An unknown path gives 404 \`ROUTE_UNKNOWN\`, an unsupported method 405 \`METHOD_NOT_ALLOWED\`.
`.trim();

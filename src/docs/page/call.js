/**
 * An operation of the OpenAPI document.
 *
 * @typedef {object} Call
 * @property {string} path the path template with its {parameters}
 * @property {string} method in lower case
 * @property {string} id the operationId
 * @property {object[]} parameters
 * @property {object | undefined} body the JSON schema of its JSON body
 * @property {boolean} needsBearer
 * @property {boolean} isAdministration
 * @property {RegExp} pattern matches the path of a URL
 */

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** @returns {Call[]} */
export function callsOf(spec) {
  return Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => ({
      path,
      method,
      id: item[method].operationId,
      parameters: item[method].parameters ?? [],
      body: item[method].requestBody?.content?.['application/json']?.schema,
      needsBearer: (item[method].security ?? []).some((scheme) => 'bearer' in scheme),
      isAdministration: item[method].tags?.includes('Administration') ?? false,
      pattern: new RegExp(`${path.replace(/[.+*?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`),
    })),
  );
}

/** @param {Call[]} calls */
export function findCall(calls, method, url) {
  const { pathname } = new URL(url, document.baseURI);
  return calls.find((call) => call.method === method.toLowerCase() && call.pattern.test(pathname));
}

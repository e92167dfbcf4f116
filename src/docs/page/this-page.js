import { texts } from './language.js';
import { SANDBOX } from './sandbox.js';

/** Placeholder in the sessionId field for another session of the signed-in user. */
export const OTHER_SESSION = '(another-session-of-mine)';

/**
 * Adds to the document how this page fills in fields, and removes examples that would replace the filled values.
 *
 * @param {object} document the OpenAPI document, which is changed
 * @param {boolean} hasSandbox whether administration calls go to the sandbox
 */
export function forThisPage(document, hasSandbox) {
  document.components.securitySchemes.XownerId = {
    type: 'apiKey',
    in: 'header',
    name: 'XownerId',
    description: texts().filledIn,
  };
  if (hasSandbox) {
    const tag = document.tags.find(({ name }) => name === 'Administration');
    tag.description += texts().sandbox(SANDBOX.ownerId);
  }
  for (const [path, item] of Object.entries(document.paths)) {
    for (const { parameters = [], requestBody } of Object.values(item)) {
      for (const parameter of parameters) prepare(parameter, path);
      // Swagger UI would replace the filled value with the first example.
      for (const content of Object.values(requestBody?.content ?? {})) delete content.examples;
    }
  }
  return document;
}

function prepare(parameter, path) {
  const { name, schema } = parameter;
  if (name === 'XverifyApi') {
    delete schema.example;
    // Swagger UI would refuse to send a call in which it is empty.
    parameter.required = false;
  } else if (name === 'sessionId') {
    if (!path.includes('{userId}')) schema.example = OTHER_SESSION;
    // Swagger UI would refuse to send the placeholder.
    delete schema.pattern;
  }
  // Swagger UI would send the examples of optional headers and of another project.
  else if (parameter.in === 'header') delete schema.example;
}

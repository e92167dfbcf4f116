import type { OpenAPIObject } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { PROBLEM_PREFIX } from '../response/envelope/api-envelope.decorator.js';

type Node = Record<string, unknown>;

/** A text of the OpenAPI document and where it is. */
export interface DocumentText {
  /** The keys of its translation, the most specific first; the first one with a translation counts. */
  readonly keys: readonly string[];
  readonly text: string;
  readonly replace: (translation: string) => void;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/**
 * Every text of the document that has a translation, each with its keys:
 *
 * | text                       | keys                                               |
 * | -------------------------- | -------------------------------------------------- |
 * | introduction               | `introduction`                                     |
 * | tag, security scheme       | `tag.Tokens`, `security.bearer`                    |
 * | operation                  | `login.summary`; `login.description`, `Tokens.description` |
 * | parameter, body field      | `login.userName`, `userName`                       |
 * | response, its header       | `live.200`, `200`; `Retry-After`                   |
 * | example of a response      | `example.success`                                  |
 * | schema, its field          | `TokenUser`; `TokenUser.userName`, `userName`      |
 * | field of the envelope      | `Envelope.code`, `code`                            |
 * | example of an error        | `error.PARAMETER_INVALID`                          |
 *
 * The description of an error status lists error codes only, so it has no translation.
 */
export function* documentTexts(document: OpenAPIObject): Generator<DocumentText> {
  yield* textAt(document.info, 'description', ['introduction']);
  for (const tag of document.tags ?? []) yield* textAt(tag, 'description', [`tag.${tag.name}`]);
  for (const [name, scheme] of Object.entries(document.components?.securitySchemes ?? {}))
    yield* textAt(scheme, 'description', [`security.${name}`]);
  for (const item of Object.values(document.paths))
    for (const method of METHODS)
      if (method in item) yield* operationTexts((item as unknown as Record<string, Node>)[method] ?? {});
  for (const [id, schema] of Object.entries(document.components?.schemas ?? {}))
    yield* schemaTexts(schema, id, [id]);
  for (const [name, example] of Object.entries(document.components?.examples ?? {}))
    yield* textAt(example, 'summary', [`error.${name.replace(PROBLEM_PREFIX, '')}`]);
}

function* operationTexts(operation: Node): Generator<DocumentText> {
  const id = operation['operationId'] as string;
  const [tag] = operation['tags'] as string[];
  yield* textAt(operation, 'summary', [`${id}.summary`]);
  yield* textAt(operation, 'description', [`${id}.description`, `${tag}.description`]);
  for (const parameter of (operation['parameters'] ?? []) as (Node & { name: string })[]) {
    const keys = [`${id}.${parameter.name}`, parameter.name];
    yield* textAt(parameter, 'description', keys);
    yield* schemaTexts(parameter['schema'], id, keys);
  }
  for (const schema of schemasOf(operation['requestBody'])) yield* schemaTexts(schema, id, [`${id}.body`]);
  for (const [status, response] of Object.entries(operation['responses'] as Record<string, Node>)) {
    if (!String(response['description']).startsWith(`${STATUS_CODES[status]} · `))
      yield* textAt(response, 'description', [`${id}.${status}`, status]);
    for (const [name, header] of Object.entries((response['headers'] ?? {}) as Node))
      yield* textAt(header as Node, 'description', [name]);
    for (const schema of schemasOf(response)) {
      const isEnvelope = 'cacheType' in ((schema['properties'] ?? {}) as Node);
      yield* schemaTexts(schema, isEnvelope ? 'Envelope' : id, []);
    }
    for (const [name, example] of examplesOf(response))
      yield* textAt(example, 'summary', [`example.${name}`]);
  }
}

/** @param owner the component or the operation that the fields belong to */
function* schemaTexts(schema: unknown, owner: string, keys: readonly string[]): Generator<DocumentText> {
  if (typeof schema !== 'object' || schema === null) return;
  yield* textAt(schema, 'description', keys);
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties')
      for (const [name, property] of Object.entries(value as Node))
        yield* schemaTexts(property, owner, [`${owner}.${name}`, name]);
    else if (keyword === 'items' || keyword === 'additionalProperties')
      yield* schemaTexts(value, owner, keys);
    else if (['anyOf', 'oneOf', 'allOf'].includes(keyword))
      for (const member of value as unknown[]) yield* schemaTexts(member, owner, keys);
  }
}

function* textAt(node: object, field: 'summary' | 'description', keys: readonly string[]) {
  const holder = node as Node;
  const text = holder[field];
  if (typeof text === 'string' && text !== '')
    yield { keys, text, replace: (translation: string) => void (holder[field] = translation) };
}

const contentsOf = (node: unknown) =>
  Object.values(((node as Node | undefined)?.['content'] ?? {}) as Record<string, Node>);

const schemasOf = (node: unknown) => contentsOf(node).map(({ schema }) => (schema ?? {}) as Node);

const examplesOf = (node: unknown) =>
  contentsOf(node).flatMap(({ examples }) => Object.entries((examples ?? {}) as Record<string, Node>));

import { applyDecorators } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { ApiResponse } from '../api-decorators.js';
import { commonData } from '../../plugins/common-data.js';
import { commonDataUnder } from '../../plugins/common-data-under.js';
import { JSON_TYPE, PROBLEM_TYPE, successEnvelope } from './envelope.js';
import { successSchema } from './envelope-schema.js';
import { catalogue, type ErrorCode } from '../error/error-catalogue.js';
import type { Provenance } from '../../cache/provenance.js';

/** Errors that any call may return. */
const ANY_CALL: readonly ErrorCode[] = [
  'REQUEST_MALFORMED',
  'REQUEST_TIMEOUT',
  'RATE_LIMITED',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
  'UNAVAILABLE',
];

/** Further errors of a call that reads a body. */
export const BODY_ERRORS = ['PARAMETER_INVALID', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'] as const;

/** Further errors of a call whose answer a plugin rewrites. */
export const PLUGIN_ERRORS = ['PLUGIN_UNKNOWN', 'PLUGIN_FAILED'] as const;

export interface Answers<T> {
  /** `data` as an answer has it, without real tokens. */
  readonly example: T;
  /** 200, or 201 if the call creates something. */
  readonly status?: 200 | 201;
  /** The tier in the example; absent if the call reads none. */
  readonly cacheType?: Provenance['cacheType'];
  /** Errors of this call, besides those of any call. */
  readonly errors: readonly ErrorCode[];
  /** The call takes `_nodejs`. */
  readonly rewritten?: boolean;
}

type Examples = Record<string, { summary: string; value: object }>;

/** The time in the examples; {@link Answers.example} may refer to it. */
export const EXAMPLE_TIME = Date.UTC(2026, 10, 23, 9);

const REWRITTEN = z.record(z.string(), z.unknown()).describe('The same data, as another plugin rewrote it.');

/** The headers of these statuses: when to retry, or which methods are allowed. */
const HEADERS: Readonly<Record<number, object>> = {
  409: { 'Retry-After': header('Seconds to wait before the next attempt.') },
  429: { 'Retry-After': header('Seconds to wait before the next attempt.') },
  503: { 'Retry-After': header('Seconds to wait before the next attempt.') },
};

/**
 * Documents every answer of a call: the envelope around `data`, and each failure by its status, with an example named
 * by its error code. The code that builds real answers also builds the examples: the envelope and the plugins.
 *
 * @param data the schema of `data`
 */
export function ApiEnvelope<T extends z.ZodType<object>>(data: T, answers: Answers<z.output<T>>) {
  return applyDecorators(
    ApiResponse({
      status: answers.status ?? 200,
      description: 'Success.',
      standardSchema: successSchema(answers.rewritten === true ? z.union([data, REWRITTEN]) : data),
      examples: successExamples(answers),
    }),
    ...[...byStatus([...ANY_CALL, ...answers.errors])].map(([status, codes]) =>
      ApiResponse({
        status,
        description: [STATUS_CODES[status], ...codes.map((code) => `\`${code}\``)].join(' · '),
        headers: { ...HEADERS[status] },
        content: {
          [mediaType(JSON_TYPE)]: failureContent('Failure', codes, ''),
          [mediaType(PROBLEM_TYPE)]: failureContent('ProblemDetails', codes, PROBLEM_PREFIX),
        },
      }),
    ),
  );
}

/** Precedes the code in the name of a problem details example. */
export const PROBLEM_PREFIX = 'problem.';

function successExamples({ example, cacheType, rewritten }: Answers<object>): Examples {
  const provenance = cacheType === undefined ? null : { cacheType, readAt: EXAMPLE_TIME };
  const answer = (data: object) => ({ value: successEnvelope(data, provenance) });
  if (rewritten !== true) return { success: { summary: 'Success', ...answer(example) } };
  return {
    'common-data': { summary: 'common-data (camelCase)', ...answer(commonData(example)) },
    'common-data-under': {
      summary: 'common-data-under (snake_case)',
      ...answer(commonDataUnder(example)),
    },
  };
}

function byStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of Object.keys(catalogue) as ErrorCode[]) {
    if (!codes.includes(code)) continue;
    const { status } = catalogue[code];
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return groups;
}

function failureContent(schema: string, codes: readonly ErrorCode[], prefix: string) {
  return {
    schema: { $ref: `#/components/schemas/${schema}` },
    examples: Object.fromEntries(
      codes.map((code) => [code, { $ref: `#/components/examples/${prefix}${code}` }]),
    ),
  };
}

function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0] ?? contentType;
}

function header(description: string) {
  return { description, schema: { type: 'integer' } };
}

import { z } from 'zod';
import type { Envelope, problemDetails } from './envelope.js';
import { catalogue, type ErrorCode } from '../error/error-catalogue.js';

const errorCode = z
  .enum(Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]])
  .describe('A stable name of the failure. / 稳定的错误名称。');
const number = z.int().describe('A stable number of the failure, never 0. / 稳定的错误编号，不为 0。');

/** The envelope around `data`: what {@link successEnvelope} makes. */
export function successSchema<T extends z.ZodType>(data: T) {
  return z.object({
    success: z.literal(true).describe('Equal to code === 0. / 等同于 code === 0。'),
    code: z.literal(0).describe('0 on success. / 成功时为 0。'),
    message: z.literal('').describe('Empty on success. / 成功时为空。'),
    data,
    error: z
      .object({ errorCode: z.null(), errorText: z.null() })
      .describe('Both null on success. / 成功时均为 null。'),
    cacheType: z
      .enum(['local', 'redis', 'sqlite', 'postgres'])
      .nullable()
      .describe(
        'The tier that the session data was read from; null where none was asked. / 会话数据来自哪一层；未查询时为 null。',
      ),
    cacheDate: z.iso
      .datetime()
      .nullable()
      .describe(
        'When that data was last read from the database: ISO 8601, UTC. / 该数据最近一次从数据库读取的时间，UTC。',
      ),
  });
}

/** What `failureEnvelope` makes. */
export const failureSchema = z
  .object({
    success: z.literal(false).describe('Equal to code === 0. / 等同于 code === 0。'),
    code: number,
    message: z.string().describe('One public sentence. / 一句可公开的说明。'),
    data: z.null(),
    error: z.object({
      errorCode,
      errorText: z.string().describe('The same sentence as message. / 与 message 相同。'),
    }),
    cacheType: z.null(),
    cacheDate: z.null(),
  })
  .meta({
    id: 'Failure',
    description: 'A failure in the envelope. / 失败时的统一响应。',
  }) satisfies z.ZodType<Envelope<never>>;

/** What `problemDetails` makes, for callers that accept `application/problem+json` (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string().describe('urn:bo-auth:error:<errorCode>'),
    title: z.string().describe('One public sentence. / 一句可公开的说明。'),
    status: z.int().describe('The HTTP status. / HTTP 状态码。'),
    code: number,
    errorCode,
  })
  .meta({
    id: 'ProblemDetails',
    description: 'A failure as RFC 9457 has it. / RFC 9457 形式的失败。',
  }) satisfies z.ZodType<ReturnType<typeof problemDetails>>;

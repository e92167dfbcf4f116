import { Controller, Get, Query, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../response/api-decorators.js';
import { RawResponse } from '../../response/raw-response.decorator.js';
import { addVary } from '../../response/vary.js';
import { errors } from '../../response/error/error-catalogue.js';
import { OWNER_ID } from '../../tenancy/owner-id.js';
import { singleHeader } from '../../tenancy/tenant-header.js';
import { KeyRings, type KeySet } from './key-rings.js';
import { KEY_SET_MAX_AGE_SECONDS } from './signing-key.js';

const querySchema = z.object({
  project: z
    .string('must be given once')
    .regex(OWNER_ID, 'must name a project')
    .optional()
    .describe('The `ownerId` of a project.'),
});

/** The key set for verifiers of access tokens, outside the API's prefix and envelope. @see RFC 7517 §5, RFC 8615 */
@ApiTags('Keys')
@RawResponse()
@Controller({ path: '.well-known', version: VERSION_NEUTRAL })
export class KeySetController {
  constructor(private readonly rings: KeyRings) {}

  /**
   * The public keys of the project that the query or the `XownerId` header names, or of all projects. An unknown
   * project looks like one that signs with HS256.
   */
  @Get('jwks.json')
  @ApiOperation({
    operationId: 'keySet',
    summary: 'Public keys for verifying access tokens',
    description:
      'The JWK Set (RFC 7517) of the project named by the query or by the `XownerId` header, or of all projects. ' +
      'Empty while only HS256 is in use.',
  })
  @ApiOkResponse({
    description: 'A JWK Set (RFC 7517).',
    content: {
      'application/jwk-set+json': {
        schema: {
          type: 'object',
          required: ['keys'],
          properties: { keys: { type: 'array', items: { type: 'object' } } },
        },
        example: { keys: [] },
      },
    },
  })
  async keySet(
    @Query({ schema: querySchema }) { project }: z.infer<typeof querySchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<KeySet> {
    const named = namedByHeader(request);
    if (project !== undefined && named !== null && project !== named)
      throw errors.PARAMETER_INVALID({
        text: 'project and the XownerId header name two projects.',
        detail: 'project',
      });
    const keySet = await this.rings.keySet(project ?? named);
    addVary(reply, 'XownerId');
    reply
      .removeHeader('pragma')
      .header('cache-control', `public, max-age=${KEY_SET_MAX_AGE_SECONDS}`)
      // @see RFC 7517 §8.5.2
      .header('content-type', 'application/jwk-set+json; charset=utf-8');
    return keySet;
  }
}

function namedByHeader(request: FastifyRequest): string | null {
  const header = singleHeader(request, 'xownerid');
  if (header.kind === 'absent') return null;
  if (header.kind === 'bad' || !OWNER_ID.test(header.value)) throw errors.PROJECT_HEADER_INVALID();
  return header.value;
}

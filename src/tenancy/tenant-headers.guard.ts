import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../config/clock.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { Step } from '../diagnostics/step.js';
import { isOAuthRoute } from '../response/oauth-route.decorator.js';
import { isRawResponse } from '../response/raw-response.decorator.js';
import { ApiError, errors } from '../response/error/error-catalogue.js';
import { ProjectDirectory } from './project/project-directory.js';
import { RequestUse } from './verification/request-use.js';
import { SharedReplays } from './verification/shared-replays.js';
import type { TenantProject } from './project/tenant-project.js';
import { ownerIdOf, singleHeader } from './tenant-header.js';
import { openXverifyApi, type XverifyApiVerdict } from './verification/xverify-api.js';

/**
 * In development, on a refused `XverifyApi`: the word that only the log has in production. `docs/errors.md` lists all.
 */
const REASON_HEADER = 'xverifyapi-refusal';

type Verified = XverifyApiVerdict & { readonly kind: 'verified' };

/** Traces the check of one request's tenant headers. */
export const tenantGuarding = new Step('bo-auth:tenant-guard');

/**
 * Checks the tenant headers: finds the project, verifies that the caller knows its key, and reads the optional headers
 * that narrow the request. {@link TenantScope} checks whether what they name exists, once the caller is known.
 *
 * The order matters. The GUID is stored only after all headers are well-formed, so that a request with an ill-formed one
 * can be corrected and sent with the same value.
 */
@Injectable()
export class TenantHeadersGuard implements CanActivate {
  /** Whether the caller learns why a value is refused: in production that would be a padding oracle. */
  private readonly explains: boolean;

  constructor(
    @Inject(CONFIG) { environment }: Config,
    private readonly clock: Clock,
    private readonly projects: ProjectDirectory,
    private readonly uses: RequestUse,
    private readonly replays: SharedReplays,
  ) {
    this.explains = environment === 'development';
  }

  canActivate(context: ExecutionContext): true | Promise<true> {
    if (isRawResponse(context) || isOAuthRoute(context)) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (!this.explains) return tenantGuarding.run({}, () => this.check(request));
    return tenantGuarding.run({}, () => this.checkAndExplain(request, http.getResponse<FastifyReply>()));
  }

  private async checkAndExplain(request: FastifyRequest, reply: FastifyReply): Promise<true> {
    try {
      return await this.check(request);
    } catch (error) {
      if (error instanceof ApiError && error.errorCode === 'VERIFY_API_REFUSED')
        reply.header(REASON_HEADER, error.detail);
      throw error;
    }
  }

  private async check(request: FastifyRequest): Promise<true> {
    const project = await this.project(request);
    const now = this.clock.now();
    const verified = this.verify(request, project, now);
    request.tenant = {
      project,
      systemId: optionalHeader(request, 'xsysid'),
      firstShareUserId: optionalHeader(request, 'xuserfromfirstshareid'),
      secondShareUserId: optionalHeader(request, 'xuserfromsecondshareid'),
      areaCode: optionalHeader(request, 'xfilterareacode'),
    };
    await this.claim(request, project, verified, now);
    return true;
  }

  private async project(request: FastifyRequest): Promise<TenantProject> {
    const ownerId = ownerIdOf(request);
    if (ownerId === null) throw errors.PROJECT_HEADER_INVALID();
    const project = await this.projects.find(ownerId);
    if (project === null || project.status !== 'active')
      throw errors.PROJECT_UNKNOWN({ detail: project === null ? 'unknown' : 'disabled' });
    return project;
  }

  /** All refusals have the same status and body: a distinguishable one would be a padding oracle. */
  private verify(request: FastifyRequest, project: TenantProject, now: number): Verified {
    const value = request.headers['xverifyapi'];
    if (typeof value !== 'string' || value === '') throw refused('missing');
    const verdict = opened(project, value, now);
    if (verdict.kind === 'refused') throw refused(verdict.reason);
    return verdict;
  }

  /**
   * Stores the GUID as used. A retry cannot release it: a captured request would otherwise free its header once its
   * access token has expired.
   *
   * @throws VERIFY_API_REFUSED if a different request has already used it
   */
  private async claim(
    request: FastifyRequest,
    { ownerId }: TenantProject,
    { guid, expiresAt }: Verified,
    now: number,
  ): Promise<void> {
    const use = this.uses.digest(request);
    const verdict = await this.replays.claim(ownerId, guid, use, expiresAt, now);
    if (verdict === 'replay') throw refused('replayed');
    if (verdict === 'first' && request.headers.authorization !== undefined)
      request.releaseXverifyApi = () => this.replays.release(ownerId, guid, use);
  }
}

/** Tries the project's key, then its previous key during the overlap after a key change. */
function opened({ verification, previousVerification }: TenantProject, value: string, now: number) {
  const verdict = openXverifyApi(verification, value, now);
  if (verdict.kind === 'verified' || previousVerification === null || now >= previousVerification.until)
    return verdict;
  const byPreviousKey = openXverifyApi(previousVerification.profile, value, now);
  return byPreviousKey.kind === 'verified' ? byPreviousKey : verdict;
}

function optionalHeader(request: FastifyRequest, name: string): string | null {
  const header = singleHeader(request, name);
  if (header.kind === 'bad') throw errors.HEADER_INVALID({ detail: header.why });
  return header.kind === 'absent' ? null : header.value;
}

function refused(detail: string): ApiError {
  return errors.VERIFY_API_REFUSED({ detail });
}

import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hash } from 'node:crypto';
import { Clock } from '../../config/clock.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { isLoopbackHost } from '../../network/loopback-host.js';
import { ApiError, errors } from '../../response/error/error-catalogue.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import { digestUse, RequestUse } from '../../tenancy/verification/request-use.js';
import { SharedReplays } from '../../tenancy/verification/shared-replays.js';
import { OAuthClients } from '../oauth-client/oauth-clients.js';
import type { Session } from '../session/session.js';
import { dpopChallenge } from './dpop-challenge.js';
import { DpopNonces } from './dpop-nonces.js';
import { type DpopProof, openProof, type ProofRefusal, SKEW_SECONDS } from './dpop-proof.js';
import { targetUri } from './target-uri.js';

/** How far `iat` may lie back. */
const MAX_AGE_SECONDS = 300;

/** In development, on a refused proof: the word that only the log has in production. */
const REASON_HEADER = 'dpop-refusal';

/** What a proof comes with; the proof must belong to it. */
export interface Presented {
  /** The thumbprint of the key. Absent: any key will do, as at a login. */
  readonly jkt?: string;
  readonly accessToken?: string;
  readonly refreshToken?: string;
}

/**
 * Judges the proofs of possession that requests carry in the `DPoP` header.
 *
 * @see RFC 9449 §4.3, docs/dpop.md
 */
@Injectable()
export class DpopProofs {
  private readonly publicUrl: string | null;
  private readonly isProduction: boolean;

  constructor(
    @Inject(CONFIG) { environment, dpopOrigin }: Config,
    private readonly clock: Clock,
    private readonly clients: OAuthClients,
    private readonly nonces: DpopNonces,
    private readonly uses: RequestUse,
    private readonly replays: SharedReplays,
  ) {
    this.publicUrl = dpopOrigin;
    this.isProduction = environment === 'production';
  }

  /**
   * For a request that opens a session.
   *
   * @param clientId the client that the request names
   * @returns the key that the session is to be bound to; `null` if the request has no proof
   * @throws DPOP_PROOF_INVALID for a proof that is not valid, and if the client requires one
   */
  async keyOf(
    request: FastifyRequest,
    reply: FastifyReply,
    project: TenantProject,
    clientId: string | undefined,
  ): Promise<string | null> {
    const isNeeded =
      isSent(request) ||
      (clientId !== undefined && (await this.clients.requiresDpop(project.ownerId, clientId)));
    return isNeeded ? this.verify(request, reply, project, {}) : null;
  }

  /**
   * For a request that presents a refresh token. The tokens of a bound session are good only with a proof by its key; a
   * proof with the token of another session is ignored.
   *
   * @throws DPOP_PROOF_INVALID
   */
  async admit(
    request: FastifyRequest,
    reply: FastifyReply,
    project: TenantProject,
    { dpopJkt }: Session,
    refreshToken: string,
  ): Promise<void> {
    if (dpopJkt !== null) await this.verify(request, reply, project, { jkt: dpopJkt, refreshToken });
  }

  /** @returns the thumbprint of the proof's key. @throws DPOP_PROOF_INVALID */
  async verify(
    request: FastifyRequest,
    reply: FastifyReply,
    project: TenantProject,
    presented: Presented,
  ): Promise<string> {
    const judged = await this.judge(request, reply, project, presented);
    if (judged instanceof ApiError) throw judged;
    return judged;
  }

  /** @returns the thumbprint of the proof's key, or the error with which the request is refused */
  async judge(
    request: FastifyRequest,
    reply: FastifyReply,
    { ownerId, dpopNonce }: TenantProject,
    presented: Presented,
  ): Promise<string | ApiError> {
    const now = this.clock.now();
    const refuse = (reason: ProofRefusal, nonce?: string) => this.refusal(reason, presented, nonce);
    const text = request.headers['dpop'];
    if (!isSent(request)) return refuse('missing');
    if (typeof text !== 'string') return refuse('sent-twice');
    const proof = await openProof(text, now);
    if (typeof proof === 'string') return refuse(proof);
    const mismatch = this.mismatch(proof, request, presented, now);
    if (mismatch !== null) return refuse(mismatch);
    if (dpopNonce === 'on') {
      const age = proof.nonce === undefined ? null : this.nonces.ageOf(ownerId, proof.nonce, now);
      const fresh = this.nonces.current(ownerId, now);
      if (age === null) return refuse('nonce-missing', fresh);
      if (age === 'stale') return refuse('nonce-stale', fresh);
      if (age === 'aging') reply.header('dpop-nonce', fresh);
    }
    // The last check: a proof that is refused for another reason is not used up.
    const use = digestUse(this.uses.digest(request), text, presented.refreshToken ?? null);
    const expiresAt = (proof.iat + MAX_AGE_SECONDS) * 1000;
    if ((await this.replays.claim(ownerId, replayKey(proof), use, expiresAt, now)) === 'replay')
      return refuse('replayed');
    return proof.jkt;
  }

  private mismatch(
    { jkt, htm, htu, iat, ath }: DpopProof,
    request: FastifyRequest,
    presented: Presented,
    now: number,
  ): ProofRefusal | null {
    if (presented.jkt !== undefined && jkt !== presented.jkt) return 'other-key';
    if (htm !== request.method) return 'wrong-method';
    if (!this.isTarget(htu, request)) return 'wrong-uri';
    const seconds = now / 1000;
    if (iat < seconds - MAX_AGE_SECONDS || iat > seconds + SKEW_SECONDS) return 'stale';
    const { accessToken } = presented;
    if (accessToken !== undefined && ath !== hash('sha256', accessToken, 'base64url')) return 'wrong-token';
    return null;
  }

  /**
   * Without PUBLIC_URL the service does not know its own address, and production compares the path alone. The `Host`
   * header is no help: anyone who forwards a proof made for another server can set it too. Development also refuses
   * foreign hosts, so that a mistake shows early, but allows a dev server on another port in between.
   */
  private isTarget(htu: string, request: FastifyRequest): boolean {
    const said = targetUri(htu);
    const called = targetUri(`http://localhost${request.url}`);
    if (said === null || said.path !== called?.path) return false;
    if (this.publicUrl !== null) return said.origin === this.publicUrl;
    return this.isProduction || isLoopbackHost(said.hostname) || said.host === request.host.toLowerCase();
  }

  private refusal(reason: ProofRefusal, { accessToken }: Presented, nonce?: string): ApiError {
    const headers: Record<string, string> = {};
    if (nonce !== undefined) headers['dpop-nonce'] = nonce;
    if (accessToken !== undefined)
      headers['www-authenticate'] = dpopChallenge(
        nonce === undefined ? 'invalid_dpop_proof' : 'use_dpop_nonce',
      );
    if (!this.isProduction) headers[REASON_HEADER] = reason;
    return errors.DPOP_PROOF_INVALID({ detail: reason, headers });
  }
}

/** As with the optional tenant headers, an empty one counts as absent. */
function isSent({ headers }: FastifyRequest): boolean {
  return headers['dpop'] !== undefined && headers['dpop'] !== '';
}

/**
 * The key under which a proof is remembered. `jti` is arbitrary text, so it goes in as a digest; with the key's thumbprint,
 * so that nobody can use up another client's; and apart from the GUIDs, which have no colon.
 */
function replayKey({ jkt, jti }: DpopProof): string {
  return `dpop:${hash('sha256', `${jkt}${jti}`, 'base64url')}`;
}

import { HttpCaller, type HttpCall, type HttpOutcome } from './http-caller.js';
import { documentedStatus, formRequest, numberAfter, PAGE, type Manner } from './oauth-calls.js';
import type { ProofKey } from './proof-key.js';
import {
  fingerprint,
  type Answer,
  type Call,
  type Grant,
  type Operation,
  type Recorder,
} from './recorder.js';
import { verifyValue } from './verify-value.js';

/** A project as callers see it. */
export interface ProjectAccess {
  readonly ownerId: string;
  readonly verifyKey: string;
}

/** The servers under test as callers see them. */
export interface Ports {
  readonly size: number;
  port(process: number): number;
}

/** The tokens of an answer. Only clients hold tokens; the history holds fingerprints. */
export interface Tokens {
  readonly refreshToken: string;
  readonly accessToken: string;
  readonly tokenSeq: number;
  readonly sessionId: string;
}

export interface Outcome {
  readonly operation: Operation;
  readonly status?: number;
  readonly tokens?: Tokens;
  readonly retryAfterMs?: number;
  /** The connection was refused, so the request had no effect; the checker does not rely on that. */
  readonly refused?: boolean;
}

export interface Sender {
  readonly project: ProjectAccess;
  readonly process: number;
  readonly call: Call;
  readonly manner: Manner;
  /** Proves that the client has it with each login, refresh and call with an access token. */
  readonly key?: ProofKey | undefined;
  /** When the client destroys its socket, in ms after sending. */
  readonly dropAfter?: number;
}

const BASE = '/bo/api/v3/auth';

/** Calls the token API and records when each request begins and ends. */
export class TokenApi {
  private readonly caller = new HttpCaller();

  constructor(
    private readonly ports: Ports,
    private readonly recorder: Recorder,
  ) {}

  login(sender: Sender, userName: string, password: string): Promise<Outcome> {
    const { manner } = sender;
    const named = manner === 'documented' ? {} : { clientId: PAGE };
    const body = JSON.stringify({ userName, password, ...named });
    const request = isOAuth(sender)
      ? this.form(sender, 'token', { grant_type: 'password', username: userName, password })
      : this.request(sender, 'POST', `${BASE}/token`, body);
    return this.recorded(sender, proved(sender, request));
  }

  /** Refreshes once. `verb` GET is the documented call, POST its alias. */
  refresh(sender: Sender, held: Held, verb: 'GET' | 'POST'): Promise<Outcome> {
    return this.recorded(sender, this.refreshRequest(sender, held.refreshToken, verb), held);
  }

  /** Sends the same bytes twice, like a proxy that repeats a GET, so that a GUID occurs twice. */
  refreshTwice(senders: readonly [Sender, Sender], held: Held): Promise<[Outcome, Outcome]> {
    const [first, second] = senders;
    const request = this.refreshRequest(first, held.refreshToken, 'GET');
    const again = { ...request, port: this.ports.port(second.process), dropAfter: second.dropAfter };
    return Promise.all([this.recorded(first, request, held), this.recorded(second, again, held)]);
  }

  revokeToken(sender: Sender, refreshToken: string): Promise<Outcome> {
    const body = JSON.stringify({ refreshToken });
    const request = isOAuth(sender)
      ? this.form(sender, 'revoke', { token: refreshToken })
      : this.request(sender, 'POST', `${BASE}/token/revoke`, body);
    return this.recorded(sender, request);
  }

  /** Ends one session, or all sessions of the access token's user if `sessionId` is `all`. */
  endSession(sender: Sender, accessToken: string, sessionId: string): Promise<Outcome> {
    const path = sessionId === 'all' ? `${BASE}/sessions?scope=all` : `${BASE}/sessions/${sessionId}`;
    const request = this.request(sender, 'DELETE', path);
    const scheme = sender.key === undefined ? 'Bearer' : 'DPoP';
    const headers = { ...request.headers, authorization: `${scheme} ${accessToken}` };
    return this.recorded(sender, proved(sender, { ...request, headers }, accessToken));
  }

  close(): void {
    this.caller.close();
  }

  private refreshRequest(sender: Sender, refreshToken: string, verb: 'GET' | 'POST'): HttpCall {
    if (isOAuth(sender)) {
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
      return proved(sender, this.form(sender, 'token', form));
    }
    const path = `${BASE}/token/refresh`;
    const request =
      verb === 'GET'
        ? this.request(sender, 'GET', `${path}?refreshToken=${encodeURIComponent(refreshToken)}`)
        : this.request(sender, 'POST', path, JSON.stringify({ refreshToken }));
    return proved(sender, request);
  }

  private form(
    { project, manner, process, dropAfter }: Sender,
    endpoint: 'token' | 'revoke',
    form: Readonly<Record<string, string>>,
  ): HttpCall {
    const request = formRequest(project.ownerId, endpoint, manner === 'service', form);
    return { ...request, port: this.ports.port(process), method: 'POST', dropAfter };
  }

  private request(sender: Sender, method: HttpCall['method'], path: string, body?: string): HttpCall {
    const headers: Record<string, string> = {
      XownerId: sender.project.ownerId,
      XverifyApi: verifyValue(sender.project.verifyKey, sender.call.chain % 2 === 0),
    };
    if (method !== 'DELETE') headers['Content-Type'] = 'application/json; charset=utf-8';
    if (body !== undefined) headers['Content-Length'] = String(Buffer.byteLength(body));
    return {
      port: this.ports.port(sender.process),
      method,
      path,
      headers,
      body,
      dropAfter: sender.dropAfter,
    };
  }

  private async recorded(sender: Sender, request: HttpCall, held?: Held): Promise<Outcome> {
    const operation = this.recorder.invoke(sender.call);
    const outcome = await this.caller.send(request);
    if (outcome.kind === 'lost') {
      this.recorder.lost(operation, outcome.reason);
      return { operation, refused: outcome.reason === 'ECONNREFUSED' };
    }
    const { answer, tokens } = isOAuth(sender)
      ? readOAuthAnswer(outcome, sender.call.kind, held)
      : readAnswer(outcome, sender.call.kind);
    this.recorder.answered(operation, answer);
    const retryAfter = Number(outcome.headers['retry-after']);
    const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined;
    return { operation, status: answer.status, tokens, retryAfterMs };
  }
}

/** A refresh token, with its number as far as the client knows it. */
export type Held = Pick<Tokens, 'refreshToken' | 'tokenSeq'>;

function isOAuth({ call }: Sender): boolean {
  return call.via === 'oauth';
}

/** The request with a proof, if its sender has a key. */
function proved({ key }: Sender, request: HttpCall, accessToken?: string): HttpCall {
  if (key === undefined) return request;
  const { method, path, port } = request;
  const url = `http://127.0.0.1:${port}${path.split('?')[0]}`;
  return { ...request, headers: { ...request.headers, DPoP: key.proof(method, url, accessToken) } };
}

type HttpAnswer = Extract<HttpOutcome, { kind: 'answer' }>;

function readAnswer(http: HttpAnswer, kind: Call['kind']): { answer: Answer; tokens?: Tokens } {
  const { status } = http;
  const envelope = parseObject(http.body);
  if (envelope === undefined) return { answer: { status, errorCode: null, malformed: 'no JSON object' } };
  const error = objectOf(envelope['error']);
  const errorCode = typeof error['errorCode'] === 'string' ? error['errorCode'] : null;
  const success = status === 200;
  if (envelope['success'] !== success || (envelope['code'] === 0) !== success) {
    // report only property names: values may be tokens
    const names = Object.keys(envelope).join(', ');
    return { answer: { status, errorCode, malformed: `success, code and status disagree in {${names}}` } };
  }
  if (!success) {
    return { answer: { status, errorCode, malformed: malformedFailure(http, errorCode) } };
  }
  if (kind === 'revoke') return { answer: { status, errorCode } };
  const read = readTokens(objectOf(envelope['data']));
  if (typeof read === 'string') return { answer: { status, errorCode, malformed: read } };
  return { answer: { status, errorCode, grant: read.grant }, tokens: read.tokens };
}

function readOAuthAnswer(
  http: HttpAnswer,
  kind: Call['kind'],
  presented: Held | undefined,
): { answer: Answer; tokens?: Tokens } {
  const body = parseObject(http.body);
  if (body === undefined) return { answer: { status: http.status, errorCode: null, malformed: 'no JSON' } };
  if (http.status !== 200) {
    const { error, error_description: description } = body;
    const errorCode = typeof error === 'string' ? error : null;
    const status = documentedStatus(http.status, error, description);
    return { answer: { status, errorCode, malformed: malformedFailure({ ...http, status }, errorCode) } };
  }
  if (kind === 'revoke') return { answer: { status: 200, errorCode: null } };
  const { access_token: accessToken, refresh_token: refreshToken } = body;
  const number = numberAfter(kind === 'refresh' ? presented : undefined, String(refreshToken));
  const read = readTokens({ refreshToken, accessToken, tokenSeq: number });
  if (typeof read === 'string') return { answer: { status: 200, errorCode: null, malformed: read } };
  return { answer: { status: 200, errorCode: null, grant: read.grant }, tokens: read.tokens };
}

/** Requires `Retry-After` on 409, 429 and 503: without it, all clients would retry immediately and together. */
function malformedFailure({ status, headers }: HttpAnswer, errorCode: string | null): string | undefined {
  if (errorCode === null) return 'a failure without errorCode';
  const later = status === 409 || status === 429 || status === 503;
  return later && headers['retry-after'] === undefined ? 'no Retry-After' : undefined;
}

function readTokens(data: Record<string, unknown>): { grant: Grant; tokens: Tokens } | string {
  const { refreshToken, accessToken, tokenSeq, timeStamp, expires } = data;
  if (typeof refreshToken !== 'string' || !/^[0-9A-Za-z]{32}$/.test(refreshToken)) return 'no refresh token';
  if (!Number.isInteger(tokenSeq)) return 'no tokenSeq';
  if (typeof accessToken !== 'string') return 'no access token';
  const claims =
    parseObject(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8')) ?? {};
  const { owner_id: ownerId, id: userId, sid: sessionId } = claims;
  if (typeof ownerId !== 'string' || typeof userId !== 'string' || typeof sessionId !== 'string') {
    return 'the access token lacks owner_id, id or sid';
  }
  const times = timeStamp === undefined ? {} : { began: Number(timeStamp), expires: String(expires) };
  const seq = Number(tokenSeq);
  const ids = { ownerId, userId, sessionId };
  return {
    grant: {
      ...ids,
      refreshToken: fingerprint(refreshToken),
      tokenSeq: seq,
      ...times,
    },
    tokens: { refreshToken, accessToken, tokenSeq: seq, sessionId },
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? objectOf(value) : undefined;
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

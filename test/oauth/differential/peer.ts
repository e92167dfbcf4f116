import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Proof, Row, Step } from './row.js';

export type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

/** The key of the bound tokens, and another. */
export interface ProofKeys {
  readonly own: Keys;
  readonly other: Keys;
}

export async function proofKeys(): Promise<ProofKeys> {
  const options = { extractable: true };
  const [own, other] = await Promise.all([
    generateKeyPair('ES256', options),
    generateKeyPair('ES256', options),
  ]);
  return { own, other };
}

/** A server under comparison. */
export interface Peer {
  readonly name: string;
  readonly keys: ProofKeys;
  /** The URL of an endpoint. */
  url(endpoint: string): string;
  secretOf(clientId: string): string;
  /** A new token of the user `alice`, or of the client itself. */
  token(kind: string, clientId: string): Promise<string>;
  /** Headers that the endpoint needs besides those of the standards. */
  headers(step: Step): Readonly<Record<string, string>>;
  demandNonces(isOn: boolean): Promise<void>;
}

/** What is compared of an answer. */
export interface Answer {
  readonly status: number;
  readonly error: string;
  readonly body: string;
  readonly 'WWW-Authenticate': string;
  readonly 'Cache-Control': string;
  readonly 'Content-Type': string;
  readonly 'DPoP-Nonce': string;
}

/** Sends a row, with what comes before it. */
export async function answerOf(peer: Peer, row: Row): Promise<Answer> {
  await peer.demandNonces(row.needsNonce === true);
  const sender = new Sender(peer);
  for (const step of row.before ?? []) await sender.send(step);
  return sender.send(row);
}

/** One row at one server. */
class Sender {
  private readonly values = new Map<string, string>();
  private readonly proofs = new Map<Proof | string, string>();
  private nonce: string | undefined;

  constructor(private readonly peer: Peer) {}

  async send(step: Step): Promise<Answer> {
    const { to, method = to === 'user' ? 'GET' : 'POST', as = 'Basic {basic:shop}', body, proof } = step;
    const { type = 'application/x-www-form-urlencoded' } = step;
    const authorization = as === null ? undefined : await this.filled(as);
    const headers: Record<string, string | string[]> = { ...this.peer.headers(step) };
    if (authorization !== undefined) headers['Authorization'] = authorization;
    if (type !== null && method === 'POST') headers['Content-Type'] = type;
    if (proof !== undefined) {
      const sent = await this.proof(method, to, proof, authorization);
      headers['DPoP'] = typeof proof === 'object' && proof.isSentTwice === true ? [sent, sent] : sent;
    }
    const payload = method === 'POST' ? await this.filled(body ?? '') : '';
    const url = `${this.peer.url(to)}${step.query ?? ''}`;
    const { status, received, content } = await exchange(url, method, headers, payload);
    this.nonce = singleOf(received['dpop-nonce']) ?? this.nonce;
    return summaryOf(step, status, received, content);
  }

  private async filled(template: string): Promise<string> {
    let result = template;
    for (const [whole, kind = '', clientId = ''] of template.matchAll(/\{([a-z-]+):([a-z]+)\}/g)) {
      let value = this.values.get(whole);
      value ??= await this.valueOf(kind, clientId);
      this.values.set(whole, value);
      result = result.replace(whole, value);
    }
    return result;
  }

  private async valueOf(kind: string, clientId: string): Promise<string> {
    const secret = () => this.peer.secretOf(clientId);
    if (kind === 'secret') return secret();
    if (kind === 'basic') return Buffer.from(`${clientId}:${secret()}`).toString('base64');
    return this.peer.token(kind, clientId);
  }

  /** The same proof for the same object, so that a row can send one twice. */
  private async proof(
    htm: string,
    to: string,
    proof: Proof | string,
    authorization: string | undefined,
  ): Promise<string> {
    if (typeof proof === 'string') return proof;
    const made = this.proofs.get(proof) ?? (await this.made(htm, to, proof, authorization));
    this.proofs.set(proof, made);
    return made;
  }

  private async made(
    htm: string,
    to: string,
    proof: Proof,
    authorization: string | undefined,
  ): Promise<string> {
    const { publicKey, privateKey } = this.peer.keys[proof.key ?? 'own'];
    const jwk = await exportJWK(publicKey);
    const accessToken = to === 'user' ? authorization?.split(' ')[1] : undefined;
    const { ath = accessToken } = proof;
    const { htu, ...claims } = proof.claims ?? {};
    const payload = {
      jti: randomUUID(),
      htm,
      htu: typeof htu === 'string' ? this.uri(htu, to) : this.peer.url(to),
      iat: Math.floor(Date.now() / 1000) + (proof.age ?? 0),
      ...(typeof ath === 'string' && { ath: createHash('sha256').update(ath).digest('base64url') }),
      ...(proof.nonce !== undefined && { nonce: proof.nonce === 'another' ? 'another' : this.nonce }),
      ...claims,
    };
    if (proof.claims !== undefined && 'htu' in proof.claims && htu === undefined)
      Reflect.deleteProperty(payload, 'htu');
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: jwk as JWK | undefined, ...proof.header };
    if (proof.header?.['jwk'] === 'private') header.jwk = await exportJWK(privateKey);
    if (proof.signature === 'none') return `${part({ ...header, alg: 'none' })}.${part(payload)}.`;
    if (proof.signature === 'HS256') {
      const secret = Buffer.alloc(32, 1);
      const oct = { kty: 'oct', k: secret.toString('base64url') };
      return new SignJWT(payload).setProtectedHeader({ ...header, alg: 'HS256', jwk: oct }).sign(secret);
    }
    const signed = await new SignJWT(payload).setProtectedHeader(header).sign(privateKey);
    if (proof.signature !== 'broken') return signed;
    const [head, , signature] = signed.split('.');
    return `${head}.${part({ ...payload, jti: 'other' })}.${signature}`;
  }

  /** `htu` of a row: a whole URL, `UPPER` for host and scheme in upper case, or what is to follow the right one. */
  private uri(htu: string, to: string): string {
    const right = this.peer.url(to);
    if (htu === 'UPPER') return right.replace(/^http/, 'HTTP').replace('localhost', 'LOCALHOST');
    return /^[?#/]/.test(htu) ? `${right}${htu}` : htu;
  }
}

interface Exchanged {
  readonly status: number;
  readonly received: IncomingHttpHeaders;
  readonly content: string;
}

async function exchange(
  url: string,
  method: string,
  headers: Readonly<Record<string, string | string[]>>,
  payload: string,
): Promise<Exchanged> {
  const outgoing = request(url, { method, headers, agent: false });
  outgoing.end(payload);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: incoming.statusCode ?? 0,
    received: incoming.headers,
    content: await text(incoming),
  };
}

function summaryOf(
  { to, isAboutScope }: Step,
  status: number,
  headers: IncomingHttpHeaders,
  content: string,
): Answer {
  const body = content.startsWith('{') ? (JSON.parse(content) as Record<string, unknown>) : {};
  const challenge = singleOf(headers['www-authenticate']) ?? '';
  const schemes = challenge.replaceAll(/"[^"]*"/g, '').match(/\b(Basic|Bearer|DPoP)\b/g) ?? [];
  const reason = /error="([^"]+)"/.exec(challenge)?.[1];
  return {
    status,
    error: to === 'user' ? '' : textOf(body['error']),
    body: status === 200 && to !== 'user' ? membersOf(body, isAboutScope === true) : '',
    'WWW-Authenticate': [...schemes, ...(reason === undefined ? [] : [reason])].join(' '),
    'Cache-Control': singleOf(headers['cache-control']) ?? '',
    'Content-Type': content === '' ? '' : (singleOf(headers['content-type']) ?? ''),
    'DPoP-Nonce': headers['dpop-nonce'] === undefined ? '' : 'given',
  };
}

function membersOf(body: Readonly<Record<string, unknown>>, withScope: boolean): string {
  const shown = ['active', 'token_type', ...(withScope ? ['scope'] : [])].filter((name) => name in body);
  return [
    ...shown.map((name) => `${name}: ${textOf(body[name])}`),
    ...('refresh_token' in body ? ['refresh_token'] : []),
  ].join(', ');
}

function singleOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

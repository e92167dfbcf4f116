import { hash } from '@node-rs/argon2';
import { createHash } from 'node:crypto';
import { OWN_PARAMETERS } from '../../src/auth/password/argon2-hash.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { type Answer, type Call, call, dataOf, type TestApp } from '../support/app.js';
import { totpCode } from '../support/oathtool.js';

/** How long a code is shown. */
export const STEP_MS = 30_000;

const OPERATOR = 'operator-token-of-this-test';
const PASSWORD = 'a-long-password';
const PASSWORD_HASH = await hash(PASSWORD, OWN_PARAMETERS);
export const OPERATOR_TOKEN_HASH = createHash('sha256').update(OPERATOR).digest('hex');

/** A user of `acme` with an authenticator app. Each test has its own: a second factor outlives the test. */
export class EnrollingUser {
  private secret = '';

  private constructor(
    private readonly test: TestApp,
    readonly userId: string,
  ) {}

  static async add(test: TestApp): Promise<EnrollingUser> {
    const user = new EnrollingUser(test, `user-${Math.random().toString(36).slice(2, 10)}`);
    const added = await user.ask('POST', '/admin/projects/acme/users', {
      userId: user.userId,
      userName: user.userId,
      passwordHash: PASSWORD_HASH,
    });
    expect(added.status).toBe(201);
    return user;
  }

  get credentials() {
    return { userName: this.userId, password: PASSWORD };
  }

  ask<T = unknown>(method: Call['method'], url: string, payload?: object, bearer = OPERATOR, on = this.test) {
    return call<T>(on, { method, url, payload, bearer });
  }

  login(more: object = {}, on = this.test, request: Partial<Call> = {}): Promise<Answer<TokenGrant>> {
    const payload = { ...this.credentials, ...more };
    return call(on, { method: 'POST', url: '/auth/token', payload, ...request });
  }

  begin(): Promise<Answer<{ secret: string; otpauthUri: string }>> {
    return this.ask('POST', '/auth/second-factor', this.credentials);
  }

  confirm(code: string): Promise<Answer<{ recoveryCodes: string[] }>> {
    return this.ask('POST', '/auth/second-factor/confirm', { ...this.credentials, code });
  }

  remove(code: string, bearer: string): Promise<Answer> {
    return this.ask('DELETE', '/auth/second-factor', { code }, bearer);
  }

  /** The code that the authenticator app shows, some steps from now. */
  code(steps = 0): string {
    return totpCode(this.secret, this.test.clock.now() + steps * STEP_MS);
  }

  /** @returns the recovery codes; the present code is used up */
  async enrol(): Promise<string[]> {
    this.secret = dataOf(await this.begin()).secret;
    return dataOf(await this.confirm(this.code())).recoveryCodes;
  }

  row() {
    return this.test.sql('SELECT * FROM bo_second_factor WHERE user_id = $1', this.userId);
  }

  async events(): Promise<string[]> {
    const rows = await this.test.sql<{ kind: string }>(
      `SELECT kind FROM bo_auth_event WHERE user_id = $1 AND kind LIKE 'second-factor%' ORDER BY id`,
      this.userId,
    );
    return rows.map(({ kind }) => kind);
  }
}

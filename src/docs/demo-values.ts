import type { OpenAPIObject } from '@nestjs/swagger';
import { PROJECTS, SEED_SESSION, USERS } from '../demo/demo-rows.js';
import type { VerificationProfile } from '../tenancy/verification/verification-profile.js';

/** All that the page needs to make a call of a demo project by itself. */
export interface DemoProject {
  readonly ownerId: string;
  readonly profile: Pick<VerificationProfile, 'cipher' | 'key' | 'iv' | 'encoding'>;
  readonly login: { readonly userName: string; readonly password: string };
  /** Who signs in by that. */
  readonly userId: string;
  /** Of the session that each start renews; `null` where there is none. */
  readonly refreshToken: string | null;
}

/** The demo projects with their public keys and passwords: for development alone. */
export function demoProjects(): DemoProject[] {
  return PROJECTS.flatMap(({ ownerId, verifyCipher, verifyKey, verifyIv, verifyEncoding }) => {
    const [login] = logins(ownerId);
    const userId = USERS.find((user) => user.ownerId === ownerId)?.userId ?? '';
    if (login === undefined) return [];
    return {
      ownerId,
      profile: { cipher: verifyCipher, key: verifyKey, iv: verifyIv, encoding: verifyEncoding },
      login,
      userId,
      refreshToken: ownerId === SEED_SESSION.ownerId ? SEED_SESSION.refreshToken : null,
    };
  });
}

/** Puts working values into the document, so that its examples can be sent as they stand. */
export function addDemoValues(document: OpenAPIObject): void {
  const { refreshToken } = SEED_SESSION;
  const bodies: Readonly<Record<string, object>> = {
    login: { examples: loginExamples() },
    refreshByPost: { example: { refreshToken } },
    revoke: { example: { refreshToken } },
    introspect: { example: { token: refreshToken } },
  };
  for (const { get, post } of Object.values(document.paths)) {
    for (const parameter of get?.parameters ?? [])
      if ('name' in parameter && parameter.name === 'refreshToken') parameter.example = refreshToken;
    const body = bodies[post?.operationId ?? ''];
    if (body === undefined || post?.requestBody === undefined || !('content' in post.requestBody)) continue;
    for (const content of Object.values(post.requestBody.content)) Object.assign(content, body);
  }
}

function loginExamples() {
  return Object.fromEntries(
    PROJECTS.flatMap(({ ownerId }) =>
      logins(ownerId).map((login) => [
        `${ownerId}-${login.userName}`,
        { summary: `${login.userName} (XownerId: ${ownerId})`, value: login },
      ]),
    ),
  );
}

function logins(ownerId: string) {
  return USERS.filter((user) => user.ownerId === ownerId).map(({ userName, password }) => ({
    userName,
    password,
  }));
}

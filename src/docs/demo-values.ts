import type { OpenAPIObject } from '@nestjs/swagger';
import { PROJECTS, SEED_SESSION, USERS } from '../demo/demo-rows.js';
import type { VerificationProfile } from '../tenancy/verification/verification-profile.js';

/** What the documentation page needs to call a demo project. */
export interface DemoProject {
  readonly ownerId: string;
  readonly profile: Pick<VerificationProfile, 'cipher' | 'key' | 'iv' | 'padding' | 'encoding'>;
  readonly login: { readonly userName: string; readonly password: string };
  /** The user of `login`. */
  readonly userId: string;
  /** The refresh token of the sample session; `null` for projects without one. */
  readonly refreshToken: string | null;
}

/** The demo projects with their keys and passwords, which are public. Development only. */
export function demoProjects(): DemoProject[] {
  return PROJECTS.flatMap((project) => {
    const { ownerId } = project;
    const [login] = logins(ownerId);
    const userId = USERS.find((user) => user.ownerId === ownerId)?.userId ?? '';
    if (login === undefined) return [];
    return {
      ownerId,
      profile: {
        cipher: project.verifyCipher,
        key: project.verifyKey,
        iv: project.verifyIv,
        padding: project.verifyPadding,
        encoding: project.verifyEncoding,
      },
      login,
      userId,
      refreshToken: ownerId === SEED_SESSION.ownerId ? SEED_SESSION.refreshToken : null,
    };
  });
}

/** Puts demo values into the document's examples, so that they can be sent unchanged. */
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

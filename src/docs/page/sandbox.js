/**
 * The default target of administration calls in development, so that disabling, deleting or a new password does not
 * break the demo projects.
 */
export const SANDBOX = { ownerId: 'docs-sandbox', userId: 'docs-user', sysId: 'docs-system' };

/** Placeholder in the sessionId field for a session of the sandbox user. */
export const SANDBOX_SESSION = '(a-session-of-this-user)';

/** Placeholder in the kid field for a sandbox signing key that is in the right status. */
export const SANDBOX_KEY = '(a-key-of-this-project)';

/** The status that a key must have for each call. */
const KEY_STEPS = {
  adminPromoteSigningKey: 'published',
  adminDemoteSigningKey: 'signing',
  adminRetireSigningKey: 'published',
};

/** Skips the waiting time for verifiers: nobody verifies the sandbox's tokens. */
const FORCE = { force: true };

/** Body fields that must be unique. */
const UNIQUE_FIELDS = ['ownerId', 'userId', 'userName', 'sysId'];

export const isInSandbox = (url) =>
  new URL(url, document.baseURI).pathname.split('/').includes(SANDBOX.ownerId);

/**
 * Creates whatever is missing in the sandbox.
 *
 * @param {(id: string, body?: object, params?: object) => Promise<object | null>} ask calls the API for the sandbox as
 *   the operator
 */
export async function makeSandbox(ask) {
  const { ownerId, userId, sysId } = SANDBOX;
  if ((await ask('adminShowProject')) === null)
    await ask('adminAddProject', { ownerId, name: 'Sandbox of the documentation page' });
  if ((await ask('adminShowUser')) === null) await ask('adminAddUser', { userId, userName: userId });
  const systems = (await ask('adminListSystems'))?.items ?? [];
  if (!systems.some((system) => system.sysId === sysId))
    await ask('adminAddSystem', { sysId, name: 'Contents' });
}

/**
 * Creates a session of the sandbox user by an import, because the user's password may have been changed.
 *
 * @returns its sessionId
 */
export async function makeSandboxSession(ask) {
  await ask('adminEnableUser');
  await ask('adminImportSessions', importOf(SANDBOX.userId));
  return (await ask('adminListUserSessions'))?.items[0]?.sessionId;
}

/**
 * Finds or creates a signing key in the status that a call requires.
 *
 * @param {string} step the operationId of the call
 * @returns its kid
 */
export async function makeSandboxKey(ask, step) {
  const keys = (await ask('adminListSigningKeys'))?.items ?? [];
  const inStatus = (status) => keys.find((key) => key.status === status);
  const found = inStatus(KEY_STEPS[step]);
  if (found !== undefined) return found.kid;
  // Reuse a published key if there is one: the number of keys is limited.
  const { kid } = inStatus('published') ?? (await ask('adminPublishSigningKey', {}));
  if (KEY_STEPS[step] === 'signing') await ask('adminPromoteSigningKey', FORCE, { kid });
  return kid;
}

/**
 * Creates a body with unique names, so that a call can be executed repeatedly.
 *
 * @param {import('./call.js').Call} call
 * @returns `undefined` if the document's example can be sent repeatedly
 */
export function newBody({ id, body }) {
  if (id === 'adminImportSessions') return importOf(SANDBOX.userId);
  if (body !== undefined && id in KEY_STEPS) return FORCE;
  const names = id.startsWith('adminAdd')
    ? UNIQUE_FIELDS.filter((name) => name in (body?.example ?? {}))
    : [];
  if (names.length === 0) return undefined;
  const suffix = randomText();
  return {
    ...body.example,
    ...Object.fromEntries(names.map((name) => [name, `${body.example[name]}-${suffix}`])),
  };
}

const importOf = (userId) => ({
  items: [{ userId, refreshToken: `a-token-of-another-service-${randomText()}` }],
});

const randomText = () => crypto.getRandomValues(new Uint32Array(1))[0].toString(36).padStart(7, '0');

/**
 * What the administration acts upon in development until the reader says otherwise, so that disabling, removing or a
 * new password breaks none of the demo projects.
 */
export const SANDBOX = { ownerId: 'shop', userId: 'carol', sysId: 'cms' };

/** Stands in the sessionId field for a session of the sandbox's user. */
export const SANDBOX_SESSION = 'a-session-of-this-user';

/** Stands in the kid field for a signing key of the sandbox that can take the step. */
export const SANDBOX_KEY = 'a-key-of-this-project';

/** From which status a key takes a step, and what brings it there. */
const KEY_STEPS = {
  adminPromoteSigningKey: 'published',
  adminDemoteSigningKey: 'signing',
  adminRetireSigningKey: 'published',
};

/** Nobody verifies the sandbox's tokens, so nobody is waited for. */
const AT_ONCE = { force: true };

/** The fields of a new thing's body that no other may have. */
const NAMES = ['ownerId', 'userId', 'userName', 'sysId'];

export const isInSandbox = (url) =>
  new URL(url, document.baseURI).pathname.split('/').includes(SANDBOX.ownerId);

/**
 * Makes what is missing of the sandbox.
 *
 * @param {(id: string, body?: object, params?: object) => Promise<object | null>} ask makes a call upon the sandbox as
 *   the operator
 */
export async function makeSandbox(ask) {
  const { ownerId, userId, sysId } = SANDBOX;
  if ((await ask('adminShowProject')) === null) await ask('adminAddProject', { ownerId, name: 'Shop' });
  if ((await ask('adminShowUser')) === null) await ask('adminAddUser', { userId, userName: userId });
  const systems = (await ask('adminListSystems'))?.items ?? [];
  if (!systems.some((system) => system.sysId === sysId))
    await ask('adminAddSystem', { sysId, name: 'Contents' });
}

/**
 * Makes a session of the sandbox's user, without a login: the password may be any by now.
 *
 * @returns its sessionId
 */
export async function makeSandboxSession(ask) {
  await ask('adminEnableUser');
  await ask('adminImportSessions', importOf(SANDBOX.userId));
  return (await ask('adminListUserSessions'))?.items[0]?.sessionId;
}

/**
 * Makes a signing key that can take a step, where there is none.
 *
 * @param {string} step the call's id
 * @returns its kid
 */
export async function makeSandboxKey(ask, step) {
  const keys = (await ask('adminListSigningKeys'))?.items ?? [];
  const inStatus = (status) => keys.find((key) => key.status === status);
  const found = inStatus(KEY_STEPS[step]);
  if (found !== undefined) return found.kid;
  // A published one is taken where there is one: a project may have only so many.
  const { kid } = inStatus('published') ?? (await ask('adminPublishSigningKey', {}));
  if (KEY_STEPS[step] === 'signing') await ask('adminPromoteSigningKey', AT_ONCE, { kid });
  return kid;
}

/**
 * A body that can be sent again and again, as each names something new.
 *
 * @param {import('./call.js').Call} call
 * @returns `undefined`: the document's example is such a one
 */
export function newBody({ id, body }) {
  if (id === 'adminImportSessions') return importOf(SANDBOX.userId);
  if (body !== undefined && id in KEY_STEPS) return AT_ONCE;
  const names = id.startsWith('adminAdd') ? NAMES.filter((name) => name in (body?.example ?? {})) : [];
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

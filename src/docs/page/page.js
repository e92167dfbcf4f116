/* global SwaggerUIBundle */
import { callsOf, findCall } from './call.js';
import { Fields } from './fields.js';
import { look } from './look.js';
import { fetchDocument, offerLanguages, texts, writeTexts } from './language.js';
import {
  isInSandbox,
  makeSandbox,
  makeSandboxKey,
  makeSandboxSession,
  newBody,
  SANDBOX,
  SANDBOX_KEY,
  SANDBOX_SESSION,
} from './sandbox.js';
import { offerThemes } from './theme.js';
import { forThisPage, OTHER_SESSION } from './this-page.js';
import { sealVerifyApi } from './verify-api.js';

/** An access token that expires sooner than this is renewed before it is sent. */
const LEEWAY_MS = 5_000;

const loaded = await fetch('docs/settings.json');
/** Server clock minus browser clock in ms: stamps are checked against the server's clock. */
const clockAhead = Date.parse(loaded.headers.get('date') ?? '') - Date.now() || 0;
/**
 * The demo projects, each `{ ownerId, profile, login, userId, refreshToken }`, and the operator's token if it is the
 * public default. Both only in development, and only if the page was opened under a loopback host.
 */
const { projects, operatorToken } = loaded.ok ? await loaded.json() : { projects: [], operatorToken: null };
const demo = new Map(projects.map((project) => [project.ownerId, project]));
const fetchSpec = async () => forThisPage(await fetchDocument(), operatorToken !== null);
const spec = await fetchSpec();
const calls = callsOf(spec);
const form = document.getElementById('profile');

// --- stored state -------------------------------------------------------------------------------------------

/** In production nothing survives closing the tab; the key and an operator's token do not survive a reload. */
const storage = demo.size > 0 ? localStorage : sessionStorage;
/** By project: `{ accessToken, expiresAt, refreshToken, userName, userId }`. */
const tokens = JSON.parse(storage.getItem('bo-auth-tokens') ?? '{}');
/** Access tokens that the page fetched itself, as opposed to those entered by the user. */
const fetched = new Set(Object.values(tokens).map(({ accessToken }) => accessToken));

function storeTokens() {
  storage.setItem('bo-auth-tokens', JSON.stringify(tokens));
}

function remember(ownerId, data) {
  const user = data.tokenUser ?? data.token_user ?? {};
  tokens[ownerId] = {
    accessToken: data.accessToken ?? data.access_token,
    refreshToken: data.refreshToken ?? data.refresh_token,
    expiresAt: Date.now() + 1000 * (data.expiresIn ?? data.expires_in),
    userName: user.userName ?? user.user_name,
    userId: user.userId ?? user.user_id,
  };
  fetched.add(tokens[ownerId].accessToken);
  storeTokens();
  authorize('bearer', tokens[ownerId].accessToken);
  fillIn();
}

/** Stores the state of "Authorize" without the operator's token. */
function storeAuthorized() {
  const { operator: _, ...stored } = ui.authSelectors.authorized().toJS();
  storage.setItem('bo-auth-authorized', JSON.stringify(stored));
}

function restoreAuthorized() {
  const authorized = JSON.parse(storage.getItem('bo-auth-authorized') ?? '{}');
  ui.authActions.restoreAuthorization({ authorized });
  return authorized;
}

function forget(ownerId) {
  delete tokens[ownerId];
  storeTokens();
  fillIn();
}

// --- the project and its key --------------------------------------------------------------------------------

const ownerIdNow = () => form.elements.ownerId.value.trim();

function profileOf(ownerId) {
  if (ownerId !== ownerIdNow()) {
    const known = demo.get(ownerId)?.profile;
    if (known !== undefined) return known;
  }
  const { key, cipher, iv, padding, encoding } = form.elements;
  if (key.value === '') {
    key.focus();
    throw new Error(texts().enterKey(ownerId));
  }
  return {
    key: key.value,
    cipher: cipher.value,
    iv: iv.value,
    padding: padding.value,
    encoding: encoding.value,
  };
}

function chooseProject(ownerId) {
  if (ownerId === '' || ownerId === form.dataset.chosen) return;
  form.dataset.chosen = ownerId;
  const { elements } = form;
  elements.ownerId.value = ownerId;
  const {
    key = '',
    cipher = 'des-ecb',
    iv = '',
    padding = 'pkcs7',
    encoding = 'base64',
  } = demo.get(ownerId)?.profile ?? {};
  elements.key.value = key;
  elements.cipher.value = cipher;
  elements.iv.value = iv ?? '';
  elements.padding.value = padding;
  elements.encoding.value = encoding;
  authorize('XownerId', ownerId);
  if (tokens[ownerId] !== undefined) authorize('bearer', tokens[ownerId].accessToken);
  fillIn();
  if (demo.has(ownerId)) reviving = revive(ownerId);
}

function showState() {
  const { elements } = form;
  const ownerId = ownerIdNow();
  document.getElementById('iv').hidden = !elements.cipher.value.endsWith('-cbc');
  document.getElementById('padding').hidden = elements.cipher.value === 'hmac-sha256';
  const state = document.getElementById('state');
  const wanting = ownerId === '' || elements.key.value === '';
  const known = tokens[ownerId];
  const { enterProject, computed, signedIn, signedOut } = texts();
  state.classList.toggle('wanting', wanting);
  state.textContent = wanting
    ? enterProject
    : `${computed} · ${known === undefined ? signedOut : signedIn(known.userName)}`;
}

form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('input', showState);
form.elements.ownerId.addEventListener('change', () => chooseProject(ownerIdNow()));

// --- the calls that the page makes by itself ----------------------------------------------------------------

/** @returns `data`, or `null` if the call failed */
async function ask(id, ownerId, { params = {}, body, accessToken } = {}) {
  const call = calls.find((each) => each.id === id);
  if (call === undefined) return null;
  try {
    const answer = await fetch(
      call.path.replace(/\{(\w+)\}/g, (_, name) => params[name]),
      {
        method: call.method.toUpperCase(),
        headers: {
          XownerId: ownerId,
          XverifyApi: seal(ownerId),
          ...(accessToken !== undefined && { Authorization: `Bearer ${accessToken}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
    );
    return (await answer.json()).data;
  } catch {
    return null;
  }
}

const seal = (ownerId) => sealVerifyApi(profileOf(ownerId), Date.now() + clockAhead);

/** An access token that does not expire soon; refreshes or signs in if there is none. */
async function freshAccessToken(ownerId) {
  const known = tokens[ownerId];
  if (known !== undefined && known.expiresAt - Date.now() > LEEWAY_MS) return known.accessToken;
  const refreshed =
    known && (await ask('refreshByPost', ownerId, { body: { refreshToken: known.refreshToken } }));
  if (refreshed) remember(ownerId, refreshed);
  else await signInToDemo(ownerId);
  return tokens[ownerId]?.accessToken;
}

async function signInToDemo(ownerId) {
  const login = demo.get(ownerId)?.login;
  const granted = login && (await ask('login', ownerId, { body: login }));
  if (granted) remember(ownerId, granted);
}

/** The last {@link revive} in progress; await it before using tokens. */
let reviving = Promise.resolve();

/** Replaces invalid tokens of a demo project; otherwise removes them. */
async function revive(ownerId) {
  const token = tokens[ownerId]?.refreshToken ?? demo.get(ownerId)?.refreshToken;
  if (token) {
    const told = await ask('introspect', ownerId, { body: { token } });
    if (told === null || told.active) return;
  }
  if (tokens[ownerId] !== undefined) forget(ownerId);
  await signInToDemo(ownerId);
}

async function otherSession(ownerId, accessToken) {
  const list = async () => (await ask('listSessions', ownerId, { accessToken }))?.items ?? [];
  const login = demo.get(ownerId)?.login;
  const found = (await list()).find((session) => !session.current);
  if (found !== undefined || login === undefined) return found?.sessionId;
  await ask('login', ownerId, { body: { ...login, clientId: 'docs' } });
  return (await list()).find((session) => !session.current)?.sessionId;
}

/** Prepares the sandbox for an administration call and replaces the placeholders in its URL. */
async function throughSandbox(url, ownerId, call) {
  const asOperator = (id, body, params) =>
    ask(id, ownerId, { params: { ...SANDBOX, ...params }, body, accessToken: operatorToken });
  await makeSandbox(asOperator);
  if (url.includes(SANDBOX_KEY)) return url.replace(SANDBOX_KEY, await makeSandboxKey(asOperator, call.id));
  if (!url.includes(SANDBOX_SESSION)) return url;
  return url.replace(SANDBOX_SESSION, (await makeSandboxSession(asOperator)) ?? SANDBOX_SESSION);
}

// --- around what Swagger UI sends ---------------------------------------------------------------------------

/** Requests without an answer yet, by URL. */
const pending = new Map();

async function beforeRequest(request) {
  const call = findCall(calls, request.method ?? 'GET', request.url);
  if (call === undefined || !call.parameters.some(({ name }) => name === 'XverifyApi')) return request;
  // Swagger UI escapes the parentheses of a placeholder.
  request.url = request.url.replace(/%2[89]/g, decodeURIComponent);
  const ownerId = request.headers.XownerId ?? '';
  await reviving;
  if (call.needsBearer) await attachAccessToken(request, ownerId);
  if (request.url.includes(OTHER_SESSION)) {
    const accessToken = request.headers.Authorization?.slice('Bearer '.length);
    const sessionId = await otherSession(ownerId, accessToken);
    if (sessionId !== undefined) request.url = request.url.replace(OTHER_SESSION, sessionId);
  }
  if (operatorToken !== null && call.isAdministration && isInSandbox(request.url))
    request.url = await throughSandbox(request.url, ownerId, call);
  // A value that the user entered is sent unchanged.
  request.headers.XverifyApi ||= seal(ownerId);
  pending.set(new URL(request.url, document.baseURI).href, { call, ownerId, body: request.body });
  return request;
}

/** Sends a token that the user entered unchanged; replaces one that the page fetched. */
async function attachAccessToken(request, ownerId) {
  const sent = request.headers.Authorization?.slice('Bearer '.length);
  if (sent !== undefined && !fetched.has(sent)) return;
  const accessToken = await freshAccessToken(ownerId);
  if (accessToken !== undefined) request.headers.Authorization = `Bearer ${accessToken}`;
}

function afterResponse(response) {
  const { call, ownerId, body } = pending.get(response.url) ?? {};
  pending.delete(response.url);
  const data = response.body?.data ?? response.obj?.data;
  if (call === undefined || !data) return response;
  if (['login', 'refresh', 'refreshByPost'].includes(call.id)) remember(ownerId, data);
  else if (['revoke', 'endSession', 'endSessions'].includes(call.id)) reviving = revive(ownerId);
  else if (body !== undefined && body === renewed.get(call.id)) renewBody(call);
  return response;
}

// --- filling the fields -------------------------------------------------------------------------------------

function authorize(scheme, value) {
  if (ui === undefined) return;
  ui.preauthorizeApiKey(scheme, value);
  ui.authActions.persistAuthorizationIfNeeded();
}

/** Fills the project and its newest tokens into the fields of every call. */
function fillIn() {
  showState();
  if (ui === undefined) return;
  const ownerId = ownerIdNow();
  const project = demo.get(ownerId);
  const refreshToken = tokens[ownerId]?.refreshToken ?? project?.refreshToken ?? '';
  for (const call of calls) {
    fields.fillParameter(call, 'header', 'XownerId', ownerId);
    if (operatorToken === null || !call.isAdministration)
      fields.fillParameter(call, 'path', 'ownerId', ownerId);
    fields.fillParameter(call, 'query', 'refreshToken', refreshToken);
    if (call.body?.properties?.refreshToken) fields.fillBody(call, asText({ refreshToken }));
    if (call.id === 'introspect') fields.fillBody(call, asText({ token: refreshToken }));
    if (call.id === 'login' && project !== undefined) fields.fillBody(call, asText(project.login));
  }
}

/** The last body filled in, as text, by operationId, for calls that need a new body each time. */
const renewed = new Map();

function renewBody(call) {
  const body = newBody(call);
  if (body === undefined) return;
  const text = asText(body);
  renewed.set(call.id, text);
  fields.fillBody(call, text);
}

const asText = (body) => JSON.stringify(body, null, 2);

/** Called once, so that values that the user enters later are kept. */
function fillInSandbox() {
  for (const call of calls.filter(({ isAdministration }) => isAdministration)) {
    for (const [name, value] of Object.entries(SANDBOX)) fields.fillParameter(call, 'path', name, value);
    fields.fillParameter(call, 'path', 'sessionId', SANDBOX_SESSION);
    fields.fillParameter(call, 'path', 'kid', SANDBOX_KEY);
    renewBody(call);
  }
}

// --- the language ------------------------------------------------------------------------------------------

async function changeLanguage() {
  showState();
  await fields.keepWhile(async () => {
    ui.specActions.updateJsonSpec(await fetchSpec());
  });
}

// --- the page itself ----------------------------------------------------------------------------------------

for (const { ownerId } of projects)
  document
    .getElementById('projects')
    .append(Object.assign(document.createElement('option'), { value: ownerId }));

/** Copies the project entered under "Authorize" into the fields. */
const authorizing = {
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (original) => (payload) => {
          const result = original(payload);
          if (payload.XownerId?.value) chooseProject(payload.XownerId.value);
          return result;
        },
        persistAuthorizationIfNeeded: () => storeAuthorized,
      },
    },
  },
};

writeTexts();
offerThemes();

let ui;
let fields;
ui = SwaggerUIBundle({
  spec,
  dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [authorizing, look],
  layout: 'BaseLayout',
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  requestInterceptor: beforeRequest,
  responseInterceptor: afterResponse,
  onComplete: () => {
    const remembered = restoreAuthorized().XownerId?.value;
    if (operatorToken !== null) {
      authorize('operator', operatorToken);
      fillInSandbox();
    }
    chooseProject(remembered ?? projects[0]?.ownerId ?? '');
    showState();
  },
});
fields = new Fields(ui, calls);

offerLanguages(changeLanguage);

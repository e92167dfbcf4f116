import { createLoginAuth } from '@bo-auth/client';
import { desVerify } from '@bo-auth/client/des';

const name = location.search.slice(1);
const loginAuth = createLoginAuth({
  baseUrl: '/bo/api/v3',
  ownerId: 'acme',
  verify: desVerify('acme-key'),
});

const element = (id) => document.getElementById(id);
const tell = (text) => parent.postMessage(`${name}: ${text}`, location.origin);

function show() {
  const { user } = loginAuth;
  element('user').textContent = user ? `Signed in as ${user.pushName}` : 'Not signed in';
  element('login').hidden = user !== null;
  element('logout').disabled = user === null;
}

loginAuth.onChange((change) => {
  tell(change.type === 'signed-out' ? `signed out: ${change.reason}` : change.type);
  show();
});

async function attempt(work) {
  try {
    element('outcome').textContent = await work();
  } catch (error) {
    // The user stays signed in: a LoginAuthError says what was wrong.
    element('outcome').textContent = `${error.code}: ${error.message}`;
  }
}

async function send() {
  const response = await loginAuth.fetch('/bo/api/v3/auth/user', { headers: { 'X-Tab': name } });
  return `${response.status}`;
}

element('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const credentials = Object.fromEntries(new FormData(event.target));
  void attempt(async () => `Hello, ${(await loginAuth.login(credentials)).pushName}`);
});
const onClick = (id, work) => element(id).addEventListener('click', () => void work());
onClick('request', () => attempt(send));
onClick('ten', () => attempt(async () => (await Promise.all(Array.from({ length: 10 }, send))).join(' ')));
onClick('logout', () => loginAuth.logout());
show();

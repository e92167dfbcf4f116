// npm run example: serves this page, and passes its calls to a running service, so that page and service have one origin.
//   npm run example                                the service of `npm start`
//   npm run example -- http://127.0.0.1:3000       another one
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';

const SERVICE = new URL(process.argv[2] ?? 'http://127.0.0.1:58582');
const FILES = { '/': 'index.html', '/tab': 'tab.html' };

/** What happens to the next call: `drop` loses the answer of a refresh, `refuse` answers 401 to a request. */
const next = { drop: false, refuse: false };
const watchers = new Set();

const { outputFiles } = await build({
  entryPoints: [new URL('tab.js', import.meta.url).pathname],
  conditions: ['@bo-auth/source'],
  bundle: true,
  write: false,
  format: 'esm',
});
const script = outputFiles[0].text;

const server = createServer((incoming, response) => {
  const url = new URL(incoming.url, 'http://localhost');
  if (url.pathname.startsWith('/bo/')) pass(incoming, response, url);
  else if (url.pathname === '/tab.js') send(response, 'text/javascript', script);
  else if (url.pathname === '/log') watch(response);
  else if (url.pathname === '/next') {
    next[url.searchParams.get('fault')] = true;
    send(response, 'text/plain', '');
  } else void page(response, FILES[url.pathname]);
});

/** Passes a call to the service, and its answer back, unless it is to be lost. */
function pass(incoming, response, { pathname }) {
  const isRefresh = pathname.endsWith('/token/refresh');
  const note = (what) =>
    log(`${incoming.headers['x-tab'] ?? 'client'}: ${incoming.method} ${pathname} ${what}`);
  if (!pathname.includes('/token') && next.refuse) {
    next.refuse = false;
    note('→ 401, the token is refused');
    response.writeHead(401).end();
    return;
  }
  const { host: _, ...headers } = incoming.headers;
  const outgoing = request(new URL(incoming.url, SERVICE), { method: incoming.method, headers }, (answer) => {
    if (isRefresh && next.drop) {
      next.drop = false;
      note('→ the answer is lost');
      answer.resume();
      response.destroy();
      return;
    }
    note(`→ ${answer.statusCode}`);
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', (error) => {
    note(`→ ${SERVICE.href} cannot be reached: ${error.code}`);
    response.destroy();
  });
  incoming.pipe(outgoing);
}

function log(text) {
  for (const watcher of watchers) watcher.write(`data: ${text}\n\n`);
}

function watch(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  watchers.add(response);
  response.on('close', () => watchers.delete(response));
}

async function page(response, file) {
  if (file === undefined) response.writeHead(404).end();
  else send(response, 'text/html; charset=utf-8', await readFile(new URL(file, import.meta.url)));
}

function send(response, type, content) {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(content);
}

server.listen(Number(process.env.PORT ?? 5858), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  process.stdout.write(`${url} (service: ${SERVICE.href})\n`);
  if (process.env.BROWSER === 'none') return;
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform] ?? 'xdg-open';
  spawn(opener, [url], { stdio: 'ignore' }).on('error', () =>
    process.stdout.write('Open it in a browser.\n'),
  );
});

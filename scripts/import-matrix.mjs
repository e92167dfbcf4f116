// Writes the linter's import matrix into .oxlintrc.json from the ordered lists below: a folder may import from itself and
// from those before it, never from one after it. Only `src/*.ts`, which put the application together, import everything.
//
//   node scripts/import-matrix.mjs           writes the matrix
//   node scripts/import-matrix.mjs --check   fails where the file differs or a folder is missing in the lists
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The folders of src/, from the innermost outwards. */
const FOLDERS = [
  'config',
  'diagnostics',
  'database',
  'cache',
  'plugins',
  'response',
  'logging',
  'tenancy',
  'audit',
  'auth',
  'admin',
  'shutdown',
  'health',
  'cluster',
  'metrics',
  'tracing',
  'demo',
  'docs',
  'cli',
];

/** The same one level down, in folders that are divided. */
const ROOMS = {
  auth: ['refresh-token', 'session', 'access-token', 'login', 'refresh', 'bearer', 'own-sessions'],
  tenancy: ['verification', 'project', 'user', 'area', 'system', 'rate-limit'],
  admin: ['session', 'project', 'user', 'system', 'signing-key', 'import', 'event'],
};

const ROOT = path.join(import.meta.dirname, '..');
const FILE = path.join(ROOT, '.oxlintrc.json');

const unlisted = [
  ...missing('src', FOLDERS),
  ...Object.entries(ROOMS).flatMap(([folder, rooms]) => missing(path.join('src', folder), rooms)),
];
if (unlisted.length > 0) fail(`scripts/import-matrix.mjs does not list ${unlisted.join(', ')}`);

const outwards = FOLDERS.flatMap((folder, index) => {
  const outer = FOLDERS.slice(index + 1);
  const rooms = ROOMS[folder] ?? [];
  return [
    override(`src/${folder}/**`, outer),
    // The last override that matches a file decides, so a room repeats what its folder must not import.
    ...rooms.map((room, at) => override(`src/${folder}/${room}/**`, [...outer, ...rooms.slice(at + 1)])),
  ];
}).filter((entry) => entry !== null);

const current = readFileSync(FILE, 'utf8');
const config = JSON.parse(current);
config.overrides = [
  ...outwards,
  ...config.overrides.filter(({ rules }) => !('no-restricted-imports' in rules)),
];
const wanted = `${JSON.stringify(config, null, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, wanted);
else if (JSON.stringify(JSON.parse(current)) !== JSON.stringify(config))
  fail('.oxlintrc.json is out of date: run node scripts/import-matrix.mjs');

function missing(folder, listed) {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !listed.includes(entry.name))
    .map(({ name }) => path.join(folder, name));
}

function override(files, forbidden) {
  if (forbidden.length === 0) return null;
  const pattern = {
    regex: `^[./]+/(?:${forbidden.join('|')})/`,
    message: 'imports point one way: see the ordered lists in scripts/import-matrix.mjs',
  };
  return { files: [files], rules: { 'no-restricted-imports': ['error', { patterns: [pattern] }] } };
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

// Writes the linter's import rules into .oxlintrc.json, from the ordered lists below: a folder may import from itself and
// from the folders before it, never from those after it. Only `src/*.ts`, which put the application together, may import
// from all folders.
//
//   node scripts/import-matrix.mjs           writes the rules
//   node scripts/import-matrix.mjs --check   fails if the file is out of date or the lists lack a folder
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The folders of src/, innermost first. */
const FOLDERS = [
  'network',
  'config',
  'diagnostics',
  'database',
  'cache',
  'plugins',
  'response',
  'logging',
  'connection',
  'tenancy',
  'cors',
  'audit',
  'auth',
  'oauth',
  'admin',
  'shutdown',
  'health',
  'cluster',
  'metrics',
  'tracing',
  'demo',
  'docs',
  'http',
  'cli',
];

/** The subfolders of divided folders, innermost first. */
const SUBFOLDERS = {
  auth: [
    'refresh-token',
    'revocation-feed',
    'session',
    'access-token',
    'oauth-client',
    'dpop',
    'password',
    'lock-out',
    'second-factor',
    'login',
    'refresh',
    'cookie',
    'bearer',
    'enrolment',
    'own-password',
    'own-sessions',
  ],
  tenancy: ['verification', 'project', 'user', 'area', 'system', 'rate-limit'],
  admin: ['session', 'project', 'user', 'client', 'grant', 'system', 'signing-key', 'import', 'event'],
};

/** The packages of packages/. They are published by themselves, and import nothing from outside their folder. */
const PACKAGES = ['client', 'resource-server'];

const ROOT = path.join(import.meta.dirname, '..');
const FILE = path.join(ROOT, '.oxlintrc.json');

const unlisted = [
  ...missing('src', FOLDERS),
  ...missing('packages', PACKAGES),
  ...Object.entries(SUBFOLDERS).flatMap(([folder, subfolders]) =>
    missing(path.join('src', folder), subfolders),
  ),
];
if (unlisted.length > 0) fail(`scripts/import-matrix.mjs does not list ${unlisted.join(', ')}`);

const outwards = FOLDERS.flatMap((folder, index) => {
  const outer = FOLDERS.slice(index + 1);
  const subfolders = SUBFOLDERS[folder] ?? [];
  return [
    override(`src/${folder}/**`, outer),
    // Only the last matching override applies to a file, so a subfolder repeats the rules of its folder.
    ...subfolders.map((subfolder, at) =>
      override(`src/${folder}/${subfolder}/**`, [...outer, ...subfolders.slice(at + 1)]),
    ),
  ];
});

const packages = PACKAGES.map((name) =>
  overrideWith(`packages/${name}/src/**`, {
    regex: `^(?:\\.\\./)+(?:src|test|packages|${PACKAGES.join('|')})/`,
    message: 'a package imports nothing from outside its folder',
  }),
);

const current = readFileSync(FILE, 'utf8');
const config = JSON.parse(current);
config.overrides = [
  ...outwards,
  ...packages,
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
  return overrideWith(files, {
    regex: `^[./]+/(?:${[...forbidden, 'packages'].join('|')})/`,
    message: 'imports point one way: see the ordered lists in scripts/import-matrix.mjs',
  });
}

function overrideWith(files, pattern) {
  return { files: [files], rules: { 'no-restricted-imports': ['error', { patterns: [pattern] }] } };
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

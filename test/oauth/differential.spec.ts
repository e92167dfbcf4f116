import { readFileSync, writeFileSync } from 'node:fs';
import { OurPeer } from './differential/bo-auth.js';
import { ReferencePeer } from './differential/oidc-provider.js';
import { OTHER_GROUPS } from './differential/other-rows.js';
import { type Answer, answerOf, proofKeys } from './differential/peer.js';
import { differingFields, documentOf } from './differential/document.js';
import { TOKEN_GROUPS } from './differential/token-rows.js';

const FILE = 'docs/oauth-conformance.md';
const GROUPS = [...TOKEN_GROUPS, ...OTHER_GROUPS];

let ours: OurPeer;
let theirs: ReferencePeer;
const answers = new Map<string, readonly [Answer, Answer]>();

beforeAll(async () => {
  const keys = await proofKeys();
  ours = await OurPeer.start(keys);
  theirs = await ReferencePeer.start(keys);
});
afterAll(async () => {
  theirs.close();
  await ours.close();
});

describe.each(GROUPS)('$title', (group) => {
  it.each(group.rows)('$name', async (row) => {
    const both = [await answerOf(ours, row), await answerOf(theirs, row)] as const;
    answers.set(`${group.title}: ${row.name}`, both);
    const differing = differingFields(group, ...both);
    const isExplained = row.difference !== undefined;
    if (differing.length > 0 === isExplained) return;
    const what = isExplained ? 'It does not differ any more' : 'It differs without an explanation';
    throw new Error(`${what}: ${JSON.stringify({ ours: both[0], theirs: both[1], differing }, null, 1)}`);
  });
});

it('is what docs/oauth-conformance.md says (`UPDATE_DOCS=1 npx jest test/oauth/differential` writes it)', () => {
  const text = documentOf(GROUPS, (group, row) => answers.get(`${group.title}: ${row.name}`));
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, text);
  expect(readFileSync(FILE, 'utf8')).toBe(text);
});

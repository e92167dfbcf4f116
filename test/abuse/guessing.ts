import { setTimeout as sleep } from 'node:timers/promises';
import { verifyValue } from '../history/verify-value.js';
import type { Target } from './target.js';

const API = '/bo/api/v3';
const OPERATOR = 'development-only-operator-token-change-me';
const PASSWORD = 'the-right-password';
/** From here the honest users have signed in before, and no guess comes. */
const USUAL_ADDRESS = '203.0.113.5';
const HONEST_PAUSE_MS = 200;
const EVERYWHERE_FACTOR = 20;
/** A hash of another password. */
const OTHER_HASH = `$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY$${'A'.repeat(43)}`;

export interface GuessingScale {
  /** Of each campaign. */
  readonly guesses: number;
  readonly networks: number;
  readonly users: number;
  /** `loginMaxFailures` of the project. */
  readonly maxFailures: number;
  /** Guesses under way at a time. */
  readonly atOnce: number;
}

/** Guesses at the passwords of users, while one of them signs in. */
interface Campaign {
  readonly name: string;
  /** Whose password is guessed, and from which address. */
  guess(index: number, scale: GuessingScale): { readonly userName: string; readonly address: string };
  /** How many passwords may be compared. */
  bound(scale: GuessingScale): number;
}

const CAMPAIGNS: readonly Campaign[] = [
  {
    name: 'one user from one address',
    guess: () => ({ userName: 'target-1', address: '198.51.100.7' }),
    bound: ({ maxFailures }) => maxFailures,
  },
  {
    name: 'one user from many addresses',
    guess: (index, { networks }) => ({ userName: 'target-2', address: `10.0.${index % networks}.7` }),
    bound: ({ maxFailures, networks }) => Math.min(networks, EVERYWHERE_FACTOR) * maxFailures,
  },
  {
    name: 'many users from one address',
    guess: (index, { users }) => ({ userName: `target-3-${index % users}`, address: '198.51.100.7' }),
    bound: ({ maxFailures, users }) => users * maxFailures,
  },
];

export interface Guessed {
  readonly name: string;
  readonly guesses: number;
  readonly locked: number;
  readonly unavailable: number;
  /** By the service's own count. */
  readonly compared: number;
  /** What the settings allow. */
  readonly bound: number;
  readonly honest: { readonly granted: number; readonly refused: number; readonly worstMs: number };
  readonly seconds: number;
}

/** Creates the users, and lets the honest ones sign in from their usual network. */
export async function prepareGuessing(target: Target, scale: GuessingScale): Promise<void> {
  await administer(target, 'PATCH', '', { loginMaxFailures: scale.maxFailures });
  const add = async (userId: string, secret: object) => {
    const { status, body } = await administer(target, 'POST', '/users', {
      userId,
      userName: userId,
      ...secret,
    });
    if (status !== 201) throw new Error(`no user: ${body}`);
  };
  for (const userId of ['target-1', 'target-2', 'target-3-0']) {
    await add(userId, { password: PASSWORD });
    const { status, body } = await signIn(target, userId, PASSWORD, USUAL_ADDRESS);
    if (status !== 200) throw new Error(`no login before the campaign: ${body}`);
  }
  // Half of the others exist.
  for (let n = 1; n < scale.users / 2; n++) await add(`target-3-${n}`, { passwordHash: OTHER_HASH });
}

/** Runs each campaign once. @param processes how many compare passwords */
export async function* guessing(target: Target, scale: GuessingScale): AsyncGenerator<Guessed> {
  for (const campaign of CAMPAIGNS) yield await run(campaign, target, scale);
}

async function run(campaign: Campaign, target: Target, scale: GuessingScale): Promise<Guessed> {
  const begun = performance.now();
  const before = await hashes(target);
  let sent = 0;
  let isOver = false;
  const counts = new Map<number, number>();
  const guess = async () => {
    while (sent < scale.guesses) {
      const index = sent++;
      const { userName, address } = campaign.guess(index, scale);
      const { status } = await signIn(target, userName, `guess-${index}`, address);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  };
  const honest = signInUntil(target, campaign.guess(0, scale).userName, () => isOver);
  await Promise.all(Array.from({ length: scale.atOnce }, guess));
  isOver = true;
  const signedIn = await honest;
  const seconds = (performance.now() - begun) / 1_000;
  return {
    name: campaign.name,
    guesses: scale.guesses,
    locked: counts.get(429) ?? 0,
    unavailable: counts.get(503) ?? 0,
    compared: (await hashes(target)) - before - signedIn.granted,
    bound: campaign.bound(scale),
    honest: signedIn,
    seconds,
  };
}

/** The honest user signs in from the usual network, again and again. */
async function signInUntil(
  target: Target,
  userName: string,
  isOver: () => boolean,
): Promise<Guessed['honest']> {
  let granted = 0;
  let refused = 0;
  let worstMs = 0;
  do {
    const { status, ms } = await signIn(target, userName, PASSWORD, USUAL_ADDRESS);
    if (status === 200) granted++;
    else refused++;
    worstMs = Math.max(worstMs, ms);
    await sleep(HONEST_PAUSE_MS);
  } while (!isOver());
  return { granted, refused, worstMs };
}

/** The promises that were broken. @param processes each may compare one guess at a user more */
export function brokenPromises(
  { name, guesses, compared, bound, honest, locked }: Guessed,
  { users }: GuessingScale,
  processes: number,
): string[] {
  const slack = (processes - 1) * (name.startsWith('many users') ? users : 1);
  return [
    ...(compared > bound + slack
      ? [`${name}: ${compared} passwords were compared, over ${bound + slack}`]
      : []),
    ...(honest.refused > 0 ? [`${name}: ${honest.refused} logins of the honest user were refused`] : []),
    ...(honest.granted === 0 ? [`${name}: the honest user never signed in`] : []),
    ...(locked === 0 && guesses > bound ? [`${name}: no guess was locked`] : []),
  ];
}

const tenant = () => ({ XownerId: 'acme', XverifyApi: verifyValue('acme-key', false) });

const administer = (target: Target, method: string, path: string, payload: object) =>
  target.call({
    path: `${API}/admin/projects/acme${path}`,
    method,
    headers: { ...tenant(), Authorization: `Bearer ${OPERATOR}` },
    payload,
  });

/** The service trusts the loopback to name the client's address. */
const signIn = (target: Target, userName: string, password: string, address: string) =>
  target.call({
    path: `${API}/auth/token`,
    method: 'POST',
    headers: { ...tenant(), 'X-Forwarded-For': address },
    payload: { userName, password },
  });

async function hashes(target: Target): Promise<number> {
  const { body } = await target.call({ path: '/metrics' });
  return Number(/^bo_auth_password_hashes_total (\d+)/m.exec(body)?.[1]);
}

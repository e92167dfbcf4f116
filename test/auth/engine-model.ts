import {
  decide,
  type Decision,
  type FamilyState,
  MAX_DISPLACEMENTS,
  type RefreshPolicy,
} from '../../src/auth/refresh-token/decide.js';
import type { TokenPosition } from '../../src/auth/refresh-token/refresh-token.js';
import {
  ALONE,
  FLIGHT,
  GRACE,
  type Holder,
  isParent,
  keyOf,
  type Message,
  normalise,
  NOW,
  pass,
  pick,
  samePosition,
  SHARED,
  START,
  type Token,
  TOO_LONG_AGO,
  type World,
} from './engine-world.js';

/**
 * A model checker that searches for a way to log out an honest client, or to leave a thief undetected: breadth-first
 * over every interleaving, within the bounds below, of one session's client, its network, its clock and a thief. The
 * service is the real `decide`.
 *
 * The client is one app with any number of tabs that share a storage. A refresh reads the token from storage, sends it,
 * and stores the answered token if its `tokenSeq` is higher than the stored one; after a 409 it reads the storage again
 * later. Killing the app loses all answers in flight. Requests and answers can be lost, repeated, delayed and reordered.
 *
 * Network bound: a request is processed within FLIGHT / 2 after its token was read from storage, or never; an answer
 * arrives within FLIGHT / 2, or never. (A request that arrives after the grace window cannot be distinguished from a
 * thief's.)
 *
 * The thief can copy any token from storage or network at any time, keeps the newest copy and one older copy, and can
 * present either at any time over a network without losses.
 *
 * Time advances only by the given steps. A grace window of 16 units makes its late share two units long, enough for a
 * request and an answer of one unit each. States are stored relative to their own time and generation and without
 * tokens that nobody can present any more, so that the search terminates.
 */

export interface ModelOptions {
  readonly name: string;
  readonly judge?: Judge;
  readonly thief?: boolean;
  /** Maximum number of messages in flight. */
  readonly wire?: number;
  readonly steps: readonly number[];
  /** `most`, unless said otherwise: all but the answers of a generation's fourth token, the last it has. */
  readonly loses?: 'nothing' | 'most' | 'everything';
  /** A client that always stores the last answer. */
  readonly ignoresTokenSeq?: boolean;
}

export type Judge = (
  session: FamilyState,
  presented: TokenPosition,
  now: number,
  policy: RefreshPolicy,
) => Decision;

export interface ModelResult {
  readonly name: string;
  readonly states: number;
  readonly transitions: number;
  /** How often the family was revoked after a theft. */
  readonly thievesFound: number;
  /** The first violation and the shortest path to it, or null if there is none. */
  readonly fault: { readonly kind: Fault; readonly path: readonly string[] } | null;
}

export type Fault =
  /** The honest client lost its session although no thief presented a token. */
  | 'false log-out'
  /**
   * A theft stays undetected. Either a holder's token that only it ever held was accepted more than the grace window
   * after the other holder's last success; or a holder received a token that the other one holds, more than the grace
   * window after it was issued. If neither happens, two holders that refresh more than the grace window apart end up
   * with different tokens, and the next refresh of the first one reveals the theft.
   */
  | 'thief lives on'
  /** The victim's token, older than the parent, still got 409 after the grace window and its late share. */
  | 'victim kept waiting';

const POLICY: RefreshPolicy = { mode: 'rotate', graceMs: GRACE, idleMs: null, lostResponse: 'reissue' };

export function search(options: ModelOptions): ModelResult {
  const start = normalise(START, options)!;
  const seen = new Set([keyOf(start)]);
  // For each state, its predecessor and the action that first led to it.
  const before: number[] = [-1];
  const actions: string[] = ['start'];
  let frontier: { index: number; world: World }[] = [{ index: 0, world: start }];
  let transitions = 0;
  let thievesFound = 0;

  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { index, world } of frontier) {
      for (const { action, outcome } of successors(world, options)) {
        transitions++;
        if (outcome === 'found') {
          thievesFound++;
          continue;
        }
        if (typeof outcome === 'string') {
          const path = [action];
          for (let at = index; at > 0; at = before[at]!) path.unshift(actions[at]!);
          const fault = { kind: outcome, path };
          return { name: options.name, states: seen.size, transitions, thievesFound, fault };
        }
        const reached = normalise(outcome, options);
        if (reached === null) continue;
        const key = keyOf(reached);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ index: before.length, world: reached });
        before.push(index);
        actions.push(action);
      }
    }
    frontier = next;
  }
  return { name: options.name, states: seen.size, transitions, thievesFound, fault: null };
}

interface Step {
  readonly action: string;
  readonly outcome: World | Fault | 'found';
}

function* successors(world: World, options: ModelOptions): Generator<Step> {
  const { wire, stored } = world;
  const judge = options.judge ?? decide;
  const loses = options.loses ?? 'most';
  const isLosable = ({ kind, token }: Message): boolean =>
    loses === 'everything' || (loses === 'most' && (kind === 'ask' || token.branch < MAX_DISPLACEMENTS));

  if (wire.length < (options.wire ?? 3)) {
    yield step('a tab asks', { ...world, wire: [...wire, ask(stored)] });
    for (const message of wire) {
      if (message.kind === 'ask') yield step('a request is repeated', { ...world, wire: [...wire, message] });
    }
  }
  for (const [index, message] of wire.entries()) {
    const rest = wire.toSpliced(index, 1);
    if (isLosable(message)) yield step(`a lost ${message.kind}`, { ...world, wire: rest });
    if (message.kind === 'ask') yield serveClient(world, message.token, rest, judge);
    else yield deliver(world, message, rest, options);
  }
  const answers = wire.filter((message) => message.kind === 'answer');
  if (answers.length > 1 && answers.every(isLosable)) {
    yield step('the app is killed', { ...world, wire: wire.filter((message) => message.kind === 'ask') });
  }
  for (const units of options.steps) {
    if (wire.every((message) => message.age + units <= FLIGHT / 2))
      yield step(`${units} pass`, pass(world, units));
  }
  if (options.thief === true) yield* thiefSteps(world, judge);
}

function serveClient(world: World, token: Token, wire: readonly Message[], judge: Judge): Step {
  const decision = judge(world.row, token, NOW, POLICY);
  const action = `served ${decision.kind}`;
  const isNewest = samePosition(token, world.stored);
  if (decision.kind === 'refused' || decision.kind === 'reused') {
    return { action, outcome: world.thiefActed ? 'found' : 'false log-out' };
  }
  if (decision.kind === 'superseded') {
    // The 409 of the parent ends at a fixed time, after which it is answered.
    if (!isNewest || isParent(world.row, token)) return step(action, { ...world, wire });
    const waitingSince = world.waitingSince ?? NOW;
    return {
      action,
      outcome: waitingSince === TOO_LONG_AGO ? 'victim kept waiting' : { ...world, wire, waitingSince },
    };
  }
  if (isNewest && isOverdue(world.victim)) return { action, outcome: 'thief lives on' };
  const { row, tipSince, granted } = grant(world, decision);
  const { thief } = world;
  const known = thief !== null && holds(thief, granted);
  if (known && NOW - tipSince > GRACE) return { action, outcome: 'thief lives on' };
  const answer: Message = { kind: 'answer', token: granted, age: 0, known };
  const waitingSince = isNewest ? null : world.waitingSince;
  const next = { ...world, row, tipSince, wire: [...wire, answer], waitingSince };
  if (thief === null) return step(action, next);
  return step(action, {
    ...next,
    thief: { ...thief, ...(samePosition(thief.newest, granted) ? SHARED : crossed(thief)) },
  });
}

function deliver(world: World, message: Message, wire: readonly Message[], options: ModelOptions): Step {
  const { token, known } = message;
  const isNewer = options.ignoresTokenSeq === true || token.seq > world.stored.seq;
  if (!isNewer) return step('an answer arrives, not newer', { ...world, wire, waitingSince: null });
  const victim = known || (world.thief !== null && holds(world.thief, token)) ? SHARED : ALONE;
  return step('an answer arrives', { ...world, wire, stored: token, victim, waitingSince: null });
}

function* thiefSteps(world: World, judge: Judge): Generator<Step> {
  yield step('the thief copies the storage', copy(world, world.stored));
  for (const [index, message] of world.wire.entries()) {
    const wire = world.wire.with(index, { ...message, known: true });
    yield step('the thief copies from the wire', copy({ ...world, wire }, message.token));
  }
  const { thief } = world;
  if (thief === null) return;
  yield* serveThief(world, thief, thief.newest, judge);
  if (thief.older !== null) yield* serveThief(world, thief, thief.older, judge);
}

function* serveThief(
  before: World,
  thief: NonNullable<World['thief']>,
  token: Token,
  judge: Judge,
): Generator<Step> {
  const world = { ...before, thiefActed: true };
  const decision = judge(world.row, token, NOW, POLICY);
  const action = `the thief is served ${decision.kind}`;
  if (decision.kind === 'refused' || decision.kind === 'reused') {
    yield { action, outcome: 'found' };
    return;
  }
  if (decision.kind === 'superseded') {
    yield step(action, world);
    return;
  }
  if (samePosition(token, thief.newest) && isOverdue(thief)) {
    yield { action, outcome: 'thief lives on' };
    return;
  }
  const { row, tipSince, granted } = grant(world, decision);
  const isVictims = samePosition(world.stored, granted);
  if (isVictims && NOW - tipSince > GRACE) {
    yield { action, outcome: 'thief lives on' };
    return;
  }
  const wire = world.wire.map((message) =>
    samePosition(message.token, granted) ? { ...message, known: true } : message,
  );
  const isOnWire = world.wire.some((message) => samePosition(message.token, granted));
  const victim = isVictims ? SHARED : crossed(world.victim);
  const holder = samePosition(thief.newest, granted) ? thief : isVictims || isOnWire ? SHARED : ALONE;
  for (const older of [thief.newest, thief.older]) {
    yield step(action, {
      ...world,
      row,
      tipSince,
      wire,
      victim,
      thief: { ...pick(holder), newest: granted, older },
    });
  }
}

function copy(world: World, token: Token): World {
  const victim = samePosition(token, world.stored) ? SHARED : world.victim;
  const { thief } = world;
  if (thief === null) return { ...world, victim, thief: { ...SHARED, newest: token, older: null } };
  if (samePosition(token, thief.newest)) return { ...world, victim, thief: { ...thief, ...SHARED } };
  if (token.seq < thief.newest.seq) return { ...world, victim, thief: { ...thief, older: token } };
  return { ...world, victim, thief: { ...SHARED, newest: token, older: thief.newest } };
}

function grant(
  { row, tipSince }: World,
  decision: Decision,
): { row: FamilyState; tipSince: number; granted: Token } {
  switch (decision.kind) {
    case 'rotate':
    case 'displace': {
      const { next } = decision;
      return { row: { ...row, ...next }, tipSince: NOW, granted: token(next, next.tokenSeq) };
    }
    case 'replay':
      return {
        row: decision.next === null ? row : { ...row, ...decision.next },
        tipSince,
        granted: token(decision.successor, decision.tokenSeq),
      };
    default:
      throw new Error(`The model cannot reach ${decision.kind}`);
  }
}

function step(action: string, outcome: World): Step {
  return { action, outcome };
}

function ask(held: Token): Message {
  return { kind: 'ask', token: held, age: 0, known: false };
}

function isOverdue(holder: Holder): boolean {
  return holder.crossedAt !== null && NOW - holder.crossedAt > GRACE;
}

function crossed(holder: Holder): Holder {
  return holder.shared ? SHARED : { shared: false, crossedAt: NOW };
}

function holds(thief: NonNullable<World['thief']>, held: TokenPosition): boolean {
  return samePosition(thief.newest, held) || (thief.older !== null && samePosition(thief.older, held));
}

function token(position: TokenPosition, seq: number): Token {
  return { generation: position.generation, branch: position.branch, seq };
}

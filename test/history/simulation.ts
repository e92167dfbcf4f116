import { FakeEngine, type FakeAnswer, type Flaw } from './fake-engine.js';
import type { RandomSource } from './random-source.js';
import { fingerprint, type Actor, type Answer, type Operation } from './recorder.js';

export const SIMULATED_GRACE_MS = 100;

interface Held {
  readonly text: string;
  readonly number: number;
}

interface Chain {
  readonly index: number;
  readonly user: string;
  readonly held: Held[];
  sessionId?: string;
}

const MS = 1_000_000;

/**
 * Generates a history in virtual time, without a network: requests begin, take effect at some moment before their
 * answer (or at any later time or never, if the answer is lost), and end. With a correct engine, the checker must find
 * nothing, whatever the schedule.
 */
export function simulate(random: RandomSource, flaw?: Flaw, length = 300): Operation[] {
  let now = 0;
  const projects = { acme: { grace: SIMULATED_GRACE_MS }, ptdev: { grace: SIMULATED_GRACE_MS } };
  const engine = new FakeEngine(
    projects,
    () => now / MS,
    () => random.next(),
    flaw,
  );
  const history: Operation[] = [];
  const agenda: { readonly at: number; readonly act: () => void }[] = [];
  const at = (time: number, act: () => void) => {
    const index = agenda.findIndex((entry) => entry.at > time);
    agenda.splice(index < 0 ? agenda.length : index, 0, { at: time, act });
  };
  const chains: Chain[] = [0, 1, 2].map((index) => ({ index, user: `user-${index}`, held: [] }));

  const send = (chain: Chain, actor: Actor, call: Partial<Operation>, take: () => FakeAnswer) => {
    const operation = {
      kind: 'refresh',
      actor,
      chain: chain.index,
      process: 0,
      project: 'acme',
      user: chain.user,
      ...call,
      id: history.length,
      invokedAt: now,
    } as Operation;
    history.push(operation);
    const lost = operation.kind !== 'login' && random.chance(0.15);
    if (lost && random.chance(0.4)) return;
    const effect = now + random.between(1, lost ? 300 : 40) * MS;
    at(effect, () => {
      const taken = take();
      if (lost) return;
      at(now + random.between(1, 40) * MS, () => {
        operation.answeredAt = now;
        operation.answer = recorded(taken);
        if (!('grant' in taken)) return;
        chain.sessionId ??= taken.grant.sessionId;
        chain.held.push({ text: taken.grant.refreshToken, number: taken.grant.tokenSeq });
        chain.held.sort((a, b) => a.number - b.number);
      });
    });
  };

  for (const chain of chains) {
    send(chain, 'honest', { kind: 'login' }, () => engine.login('acme', chain.user));
  }
  for (let index = 0; index < length; index++) {
    at(random.between(100, 100 + length * 12) * MS, () => act(random.pick(chains)));
  }
  const act = (chain: Chain) => {
    const newest = chain.held.at(-1);
    if (newest === undefined) return;
    const dice = random.next();
    const refresh = (actor: Actor, held: Held, project = 'acme', text = held.text) =>
      send(chain, actor, { presented: fingerprint(text), project }, () => engine.decide(project, text));
    if (dice < 0.8) return refresh('honest', newest);
    if (dice < 0.9) return refresh('thief', random.pick(chain.held.slice(-3)));
    if (dice < 0.93) return refresh('forger', newest, 'ptdev');
    if (dice < 0.96) return refresh('forger', newest, 'acme', `${newest.text.slice(0, -1)}A`);
    if (dice < 0.98) return engine.crash();
    if (dice < 0.985) return refresh('thief', random.pick(chain.held));
    if (dice < 0.992) {
      const presented = fingerprint(newest.text);
      return send(chain, 'honest', { kind: 'revoke', presented, reach: 'session' }, () => {
        engine.revokeToken('acme', newest.text);
        return { status: 200, code: '' };
      });
    }
    if (dice > 0.995) return;
    send(chain, 'honest', { kind: 'revoke', reach: 'user' }, () => {
      engine.endUser('acme', chain.user);
      return { status: 200, code: '' };
    });
  };

  for (let entry = agenda.shift(); entry !== undefined; entry = agenda.shift()) {
    // no two events have the same time, so the order is well defined
    now = Math.max(Math.floor(entry.at), now + 1);
    entry.act();
  }
  return history;
}

function recorded(answer: FakeAnswer): Answer {
  if (!('grant' in answer)) {
    return { status: answer.status, errorCode: answer.status === 200 ? null : answer.code };
  }
  const { project, user, ...grant } = answer.grant;
  return {
    status: 200,
    errorCode: null,
    grant: { ...grant, ownerId: project, userId: user, refreshToken: fingerprint(grant.refreshToken) },
  };
}

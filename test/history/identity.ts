import { successOf, type Families, type Family } from './families.js';
import type { Operation } from './recorder.js';
import { violation, type Violation } from './violation.js';

/** I5 across families: no token or session belongs to two families, and no token is accepted that was never issued. */
export function identityAcrossFamilies(history: readonly Operation[], families: Families): Violation[] {
  const found: Violation[] = [];
  for (const operation of history) {
    const success = successOf(operation);
    if (success === undefined) continue;
    const { grant } = success;
    const issued = families.byToken.get(grant.refreshToken);
    if (issued !== undefined && issued.sessionId !== grant.sessionId) {
      found.push(violation('I5', 'one refresh token in two sessions', [success, issued.login]));
    }
    if (operation.kind === 'login') {
      const first = families.bySession.get(grant.sessionId)?.login;
      if (first !== undefined && first.id !== operation.id) {
        found.push(violation('I5', 'two logins in one session', [first, success], grant.sessionId));
      }
      continue;
    }
    const family = families.byToken.get(operation.presented ?? '');
    if (family === undefined) {
      found.push(violation('I5', 'a token that was never issued was honoured', [success]));
    } else if (family.project !== operation.project) {
      found.push(violation('I5', 'a token was honoured in another project', [success], family.sessionId));
    }
  }
  return found;
}

/** I5 within a family. */
export function identityStays(family: Family): Violation[] {
  const { login } = family;
  return family.successes.flatMap((success) => {
    const changed = (['ownerId', 'userId', 'sessionId', 'began', 'expires'] as const).filter((name) => {
      const [first, now] = [login.grant[name], success.grant[name]];
      return first !== undefined && now !== undefined && now !== first;
    });
    const lasting = success.grant.ownerId === family.project ? changed : [...changed, 'ownerId'];
    if (lasting.length === 0) return [];
    return violation('I5', `${lasting.join(', ')} changed`, [login, success], family.sessionId);
  });
}

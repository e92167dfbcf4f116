import { deadStaysDead, noneAfterRevocation } from './ended-sessions.js';
import { familiesOf } from './families.js';
import { identityAcrossFamilies, identityStays } from './identity.js';
import { keylessIsRefused, withoutKeyless } from './keyless.js';
import type { Operation } from './recorder.js';
import { explainedRefusals, recovers, type Explanation } from './refusals.js';
import {
  numberGrowsByOne,
  numberNeverFalls,
  oneSuccessor,
  oneTokenPerNumber,
  reuseIsFound,
} from './succession.js';
import { violation, type Rules, type Violation } from './violation.js';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly families: number;
  /** 401 answers to honest clients, by explanation. */
  readonly explained: Readonly<Record<Explanation, number>>;
}

/**
 * Checks a history for violations. Pure: the same history gives the same result. A request without an answer may have
 * taken effect or not: it can explain other answers but is never a violation itself.
 */
export function check(all: readonly Operation[], rules: Rules): Verdict {
  const history = withoutKeyless(all);
  const families = familiesOf(history);
  const explained: Record<Explanation, number> = { revoked: 0, 'perhaps revoked': 0, reused: 0, expired: 0 };
  const violations: Violation[] = [
    ...keylessIsRefused(all),
    ...unexpectedAnswers(history),
    ...identityAcrossFamilies(history, families),
  ];
  for (const family of families.bySession.values()) {
    const project = rules[family.project];
    if (project === undefined) throw new Error(`no rules for project ${family.project}`);
    violations.push(
      ...oneTokenPerNumber(family),
      ...oneSuccessor(family, project),
      ...noneAfterRevocation(family, project),
      ...explainedRefusals(family, project, explained),
      ...deadStaysDead(family, project),
      ...reuseIsFound(family, project),
      ...identityStays(family),
      ...numberNeverFalls(family),
      ...numberGrowsByOne(family, project),
      ...recovers(family, project),
    );
  }
  return { violations, families: families.bySession.size, explained };
}

const REFRESH_ANSWERS = new Set([200, 401, 409, 429, 503]);
const OTHER_ANSWERS = new Set([200, 401, 429, 503]);

function unexpectedAnswers(history: readonly Operation[]): Violation[] {
  return history.flatMap((operation) => {
    const { answer, kind } = operation;
    if (answer === undefined) return [];
    if (answer.malformed !== undefined) {
      return violation('answer', `${kind} answered ${answer.status}: ${answer.malformed}`, [operation]);
    }
    const allowed = kind === 'refresh' ? REFRESH_ANSWERS : OTHER_ANSWERS;
    // only refreshes and bearer calls can be refused; a login or a revocation by token cannot
    const refusable = kind === 'refresh' || operation.session !== undefined || operation.reach === 'user';
    if (!allowed.has(answer.status) || (answer.status === 401 && !refusable)) {
      return violation('answer', `${kind} answered ${answer.status} ${answer.errorCode}`, [operation]);
    }
    return [];
  });
}

import type { Family } from './families.js';
import { violation, MS, type ProjectRules, type Violation } from './violation.js';

/** How long a process may still answer for a session that another process has ended. */
function staleNs({ policy, staleness }: ProjectRules): number {
  return policy === 'reuse' ? staleness * MS : 0;
}

/** I2. */
export function noneAfterRevocation(family: Family, project: ProjectRules): Violation[] {
  const acknowledged = family.revocations
    .filter(({ operation, certain }) => certain && operation.answer?.status === 200)
    .map(({ operation }) => operation)
    .sort((a, b) => (a.answeredAt ?? 0) - (b.answeredAt ?? 0))[0];
  if (acknowledged?.answeredAt === undefined) return [];
  const end = acknowledged.answeredAt + staleNs(project);
  return family.successes
    .filter((success) => success.kind === 'refresh' && success.invokedAt > end)
    .map((success) => {
      const after = ((success.invokedAt - end) / MS).toFixed(1);
      const text = `refreshed ${after} ms after an acknowledged revocation`;
      return violation('I2', text, [acknowledged, success], family.sessionId);
    });
}

/** I4: a token that was refused permanently stays refused. */
export function deadStaysDead(family: Family, project: ProjectRules): Violation[] {
  const verdict = family.refreshes
    .filter(({ answer }) => answer?.status === 401 && answer.errorCode?.startsWith('REFRESH_TOKEN_'))
    .sort((a, b) => (a.answeredAt ?? 0) - (b.answeredAt ?? 0))[0];
  if (verdict?.answeredAt === undefined) return [];
  const end = verdict.answeredAt + staleNs(project);
  return family.successes
    .filter(({ invokedAt }) => invokedAt > end)
    .map((success) => {
      const text = `refreshed after the family had ended (${verdict.answer?.errorCode})`;
      return violation('I4', text, [verdict, success], family.sessionId);
    });
}

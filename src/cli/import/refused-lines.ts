import type { Refused } from '../../admin/import/import-item.js';
import { note } from '../output.js';

const SHOWN = 100;

/** Prints which lines were refused and why, never their content. */
export function errorLines(refused: readonly Refused[]): void {
  for (const { line, reason } of refused.slice(0, SHOWN)) note(`line ${line}: ${reason}`);
  if (refused.length > SHOWN) note(`… and ${refused.length - SHOWN} more lines`);
}

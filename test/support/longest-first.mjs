import { basename } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/** Those that start processes, the longest first: begun late, one of them would run alone at the end. */
const LONGEST = [
  'swagger-ui',
  'history',
  'cluster',
  'topology',
  'signing-keys',
  'tracing',
  'start',
  'crash',
  'cli',
  'engine.model',
  'history-fakes',
];

/** Jest knows how long a file took from its cache alone, which a new machine does not have. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = LONGEST.indexOf(basename(path, '.spec.ts'));
      return index === -1 ? LONGEST.length : index;
    };
    return super.sort(tests).toSorted((one, other) => place(one) - place(other));
  }
}

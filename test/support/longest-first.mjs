import { basename } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/** Long specs, longest first: a long spec that starts late would run alone at the end. */
const LONGEST = [
  'swagger-ui',
  'history',
  'start-matrix',
  'cluster',
  'topology',
  'log-sink',
  'crash',
  'start',
  'postgres-start',
  'tracing',
  'usage',
  'history-fakes',
  'engine.model',
  'running-server',
  'revocation-feed',
  'refresh',
];

/** Orders specs by this list, because Jest's own timings are in its cache, which a new machine does not have. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = LONGEST.indexOf(basename(path, '.spec.ts'));
      return index === -1 ? LONGEST.length : index;
    };
    return super.sort(tests).toSorted((one, other) => place(one) - place(other));
  }
}

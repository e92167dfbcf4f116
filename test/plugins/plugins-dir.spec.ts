import { DEFAULT_PLUGINS_DIR } from '../../src/config/variables.js';
import { missingFolder } from '../../src/plugins/plugins-dir.js';

it('reports a folder that was named and does not exist, but not the default', () => {
  expect(missingFolder('/nope')).toBe(
    'PLUGINS_DIR: /nope does not exist: only the built-in plugins are served',
  );
  expect(missingFolder(DEFAULT_PLUGINS_DIR)).toBeNull();
  expect(missingFolder('test')).toBeNull();
});

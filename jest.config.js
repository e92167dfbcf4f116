/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  testRunner: '<rootDir>/test/runner/native-runner.mjs',
  transform: {},
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  globalSetup: '<rootDir>/test/runner/postgres-host.mjs',
  globalTeardown: '<rootDir>/test/runner/postgres-teardown.mjs',
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  reporters: ['<rootDir>/test/runner/skipped-reporter.mjs', 'default'],
  // Drives fast-check and the fault campaigns: `npx jest --seed=<number> <file>` repeats a run.
  showSeed: true,
  testTimeout: 60_000,
  // More than the 2 cores of a small machine: many specs wait for a process that starts or for a time-out.
  maxWorkers: 3,
};

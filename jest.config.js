/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  testRunner: '<rootDir>/test/runner/native-runner.mjs',
  transform: {},
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  testTimeout: 60_000,
  maxWorkers: 2,
};

/** Names the tests that did not run, before Jest's closing summary, which only counts them. */
export default class SkippedReporter {
  onRunComplete(_contexts, { testResults, wasInterrupted }) {
    const skipped = testResults.flatMap(({ testResults: tests, testFilePath }) =>
      tests.filter(({ status }) => status === 'pending').map((test) => ({ ...test, testFilePath })),
    );
    if (skipped.length === 0 || wasInterrupted || this.isSelection) return;
    const lines = skipped.map(
      ({ fullName, testFilePath }) => `  ${fullName} (${this.relative(testFilePath)})`,
    );
    process.stderr.write(`\nNot run:\n${lines.join('\n')}\n`);
  }

  constructor({ rootDir, testNamePattern }) {
    this.relative = (path) => path.slice(rootDir.length + 1);
    // `-t` leaves tests out because it was asked to.
    this.isSelection = Boolean(testNamePattern);
  }
}

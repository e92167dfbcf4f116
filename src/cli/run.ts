import { CommanderError } from 'commander';
import { commandLine } from './command-line.js';
import { EXIT } from './exit-code.js';
import { failureText } from './failure-text.js';

/** Runs one command line. @returns the exit code */
export async function run(words: readonly string[]): Promise<number> {
  process.exitCode = EXIT.ok;
  const program = commandLine();
  try {
    await program.parseAsync(words, { from: 'user' });
    // A command may finish and still report a problem by process.exitCode, as doctor does.
    return process.exitCode;
  } catch (error) {
    // commander throws after it printed help or the version.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const { code, message, exitCode } = failureText(error);
    const isHelp = error instanceof CommanderError && error.code === 'commander.help';
    const json = program.opts<{ json?: boolean }>().json === true;
    if (!isHelp)
      process.stderr.write(
        json ? `${JSON.stringify({ error: { code, message } })}\n` : `bo-auth: ${message}\n`,
      );
    return exitCode;
  }
}

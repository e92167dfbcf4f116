#!/usr/bin/env node
import { CommanderError } from 'commander';
import { commandLine } from './command-line.js';
import { EXIT } from './exit-code.js';
import { failureText } from './failure-text.js';

const program = commandLine();
try {
  await program.parseAsync();
} catch (error) {
  // Help and the version are no failures, and have been printed.
  const shownHelp = error instanceof CommanderError && error.exitCode === 0;
  process.exitCode = shownHelp ? EXIT.ok : fail(error);
}

function fail(error: unknown): number {
  const { code, message, exitCode } = failureText(error);
  const isHelp = error instanceof CommanderError && error.code === 'commander.help';
  if (isHelp) return exitCode;
  const json = program.opts<{ json?: boolean }>().json === true;
  process.stderr.write(json ? `${JSON.stringify({ error: { code, message } })}\n` : `bo-auth: ${message}\n`);
  return exitCode;
}

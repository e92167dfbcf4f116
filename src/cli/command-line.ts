import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { areaCommands } from './import/area-commands.js';
import { eventCommands } from './event-commands.js';
import { doctorCommand } from './doctor/doctor-command.js';
import { demoCommands } from './demo-commands.js';
import { keyCommands } from './project/key-commands.js';
import { migrateCommand } from './migrate-command.js';
import { pluginCommands } from './plugin-commands.js';
import { projectCommands } from './project/project-commands.js';
import { sessionImportCommand } from './import/session-import-command.js';
import { clientCommands } from './project/client-commands.js';
import { systemCommands } from './project/system-commands.js';
import { tokenCommands } from './token/token-commands.js';
import { userCommands } from './user/user-commands.js';
import { verifyHeaderCommand } from './token/verify-header-command.js';

/** The whole command line. Parsing throws on help, on usage errors and on failed commands; the caller handles it. */
export function commandLine(): Command {
  const program = new Command('bo-auth')
    .description('Operates the token service. Reads .env and the environment as the service does.')
    .version(version())
    .option('--json', 'print JSON')
    // Subcommands inherit it: their help shows --json.
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    // run.ts prints errors, as text or as JSON.
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      'after',
      '\nExit codes: 0 success, 1 failure, 2 usage error. Every command takes --json and --help.',
    );
  for (const commands of [
    projectCommands,
    systemCommands,
    clientCommands,
    userCommands,
    areaCommands,
    keyCommands,
    tokenCommands,
    verifyHeaderCommand,
    sessionImportCommand,
    eventCommands,
    pluginCommands,
    migrateCommand,
    demoCommands,
    doctorCommand,
  ])
    commands(program);
  return program;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

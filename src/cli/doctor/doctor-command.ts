import { type Command, Option } from 'commander';
import { environment } from '../environment.js';
import { EXIT } from '../exit-code.js';
import { type Finding, type Profile, PROFILES } from './finding.js';
import { write } from '../output.js';

const MARKS: Readonly<Record<Finding['level'], string>> = { ok: 'ok  ', warning: 'warn', error: 'FAIL' };

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'check the configuration, database, Redis, plugins, clock and keys, and say what to fix; changes nothing',
    )
    .addOption(
      new Option(
        '--profile <profile>',
        'also check against a standard; mlps3: GB/T 22239-2019, level 3',
      ).choices(PROFILES),
    )
    .addHelpText('after', '\nExits with 1 if a check fails, with 0 if there are only warnings.')
    .action(async ({ profile }: { profile?: Profile }, command: Command) => {
      const { doctor } = await import('./doctor.js');
      const findings = await doctor(environment(), profile ?? null);
      const failed = findings.filter(({ level }) => level === 'error').length;
      const warned = findings.filter(({ level }) => level === 'warning').length;
      const lines = findings.map(
        ({ level, about, says, todo }) =>
          `${MARKS[level]}  ${about}: ${says}${todo === undefined ? '' : `\n      → ${todo}`}`,
      );
      const summary =
        failed + warned === 0 ? 'no problems found' : `failures: ${failed}; warnings: ${warned}`;
      write(command, { healthy: failed === 0, findings }, `${lines.join('\n')}\n\n${summary}`);
      if (failed > 0) process.exitCode = EXIT.failure;
    });
}

import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { errors } from '../../response/error/error-catalogue.js';
import { sealXverifyApi } from '../../tenancy/verification/xverify-api.js';
import { administer } from '../administration.js';
import { write } from '../output.js';

export function verifyHeaderCommand(program: Command): void {
  program
    .command('verify-header <ownerId>')
    .description('print a fresh XverifyApi value of a project, for a request by hand')
    .option('--no-stamp', 'the GUID alone, without the time')
    .action(async (ownerId: string, { stamp }: { stamp: boolean }, command: Command) => {
      const value = await administer(async (services) => {
        const project = await services.directory.find(ownerId);
        if (project === null) throw errors.ADMIN_PROJECT_UNKNOWN();
        return sealXverifyApi(project.verification, randomUUID(), stamp ? Date.now() : null);
      });
      write(command, { XownerId: ownerId, XverifyApi: value }, value);
    });
}

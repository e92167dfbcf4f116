import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { errors } from '../../response/error/error-catalogue.js';
import { sealXverifyApi } from '../../tenancy/verification/xverify-api.js';
import { administer } from '../administration.js';
import { write } from '../output.js';

export function verifyHeaderCommand(program: Command): void {
  program
    .command('verify-header <ownerId>')
    .description('print a new XverifyApi value of a project, e.g. for curl')
    .option('--no-stamp', 'only the GUID, without a time stamp')
    .action(async (ownerId: string, { stamp }: { stamp: boolean }, command: Command) => {
      const value = await administer(command, async (services) => {
        const project = await services.directory.find(ownerId);
        if (project === null) throw errors.ADMIN_PROJECT_UNKNOWN();
        return sealXverifyApi(project.verification, randomUUID(), stamp ? Date.now() : null);
      });
      write(command, { XownerId: ownerId, XverifyApi: value }, value);
    });
}

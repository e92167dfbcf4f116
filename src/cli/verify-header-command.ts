import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { Clock } from '../config/clock.js';
import { errors } from '../response/error-catalogue.js';
import { ProjectDirectory } from '../tenancy/project-directory.js';
import { sealXverifyApi } from '../tenancy/xverify-api.js';
import { administer } from './administration.js';
import { write } from './output.js';

export function verifyHeaderCommand(program: Command): void {
  program
    .command('verify-header <ownerId>')
    .description('print a fresh XverifyApi value of a project, for a request by hand')
    .option('--no-stamp', 'the GUID alone, without the time')
    .action(async (ownerId: string, { stamp }: { stamp: boolean }, command: Command) => {
      const value = await administer(async (app) => {
        const project = await app.get(ProjectDirectory).find(ownerId);
        if (project === null) throw errors.ADMIN_PROJECT_UNKNOWN();
        return sealXverifyApi(project.verification, randomUUID(), stamp ? app.get(Clock).now() : null);
      });
      write(command, { XownerId: ownerId, XverifyApi: value }, value);
    });
}

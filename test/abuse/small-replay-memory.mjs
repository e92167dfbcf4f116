// Preloaded into the service: gives it a memory of GUIDs that fills within seconds, and collects garbage on SIGUSR2.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RequestGuardModule } from '../../dist/tenancy/request-guard.module.js';
import { ReplayMemory } from '../../dist/tenancy/verification/replay-memory.js';

const provider = Reflect.getMetadata('providers', RequestGuardModule).find(
  ({ provide }) => provide === ReplayMemory,
);
provider.useFactory = () => new ReplayMemory({ capacity: 2 ** 15 });

setFlagsFromString('--expose-gc');
process.on('SIGUSR2', runInNewContext('gc'));

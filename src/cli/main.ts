#!/usr/bin/env node
import { untilDone } from '../until-done.js';
import { tolerateBrokenPipe } from './broken-pipe.js';
import { run } from './run.js';

tolerateBrokenPipe();
process.exitCode = await untilDone(() => run(process.argv.slice(2)));

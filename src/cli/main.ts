#!/usr/bin/env node
import { untilDone } from '../until-done.js';
import { run } from './run.js';

process.exitCode = await untilDone(() => run(process.argv.slice(2)));

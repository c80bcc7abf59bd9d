#!/usr/bin/env node
/** The `perigee` command: sets up what is missing, then runs the compiled command line. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root, setup } from './setup.mjs';

const code = setup();
if (code === 0)
  createRequire(import.meta.url)(join(root, 'dist/ground-tools/cli/main.js')).main(process.argv.slice(2));
else process.exitCode = code;

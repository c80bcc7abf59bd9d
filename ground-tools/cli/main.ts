/** The `perigee` command line. Started by ground-tools/bin/perigee.mjs, which has set everything up. */
import { join } from 'node:path';
import { projectRoot } from '../../fsw/root';
import { run } from './program';

export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await run(argv, {
    root: projectRoot,
    // Beside this file's own tree: dist/fsw/launch.js from dist/ground-tools/cli/main.js.
    launcher: join(__dirname, '../../fsw/launch.js'),
    out: process.stdout,
    err: process.stderr,
  });
}

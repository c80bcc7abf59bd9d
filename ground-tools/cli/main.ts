/** The `perigee` command line. Started by ground-tools/bin/perigee.mjs, which has set everything up. */
import { join } from 'node:path';
import { projectRoot } from '../../fsw/root';
import { pullFlightScenes } from '../assets/flightScenes';
import { run } from './program';

export async function main(argv: readonly string[]): Promise<void> {
  // `perigee events | head`: a reader who has had enough is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  process.exitCode = await run(argv, {
    root: projectRoot,
    // Beside this file's own tree: dist/fsw/launch.js from dist/ground-tools/cli/main.js.
    launcher: join(__dirname, '../../fsw/launch.js'),
    out: process.stdout,
    err: process.stderr,
    pullScenes: () => pullFlightScenes(process.stderr),
  });
}

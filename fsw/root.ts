import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the project's sources and assets, from TypeScript and from the compiled tree alike. */
export const projectRoot = findRoot(__dirname);

function findRoot(from: string): string {
  const up = dirname(from);
  return existsSync(join(from, 'package.json')) || up === from ? from : findRoot(up);
}

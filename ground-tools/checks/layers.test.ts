import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';

/** A small house in which everything is allowed. */
const house = {
  'fsw/errors.ts': 'export const errors = 1;',
  'fsw/protocols/frame.ts': "import { errors } from '../errors'; export const frame = errors;",
  'fsw/framework/port.ts':
    "import { frame } from '../protocols/frame'; export type Port = 1; export const port = frame;",
  'components/payload/ports.ts':
    "import { port } from '../../fsw/framework/port'; export const images = port;",
  'components/payload/camera/camera.ts': "import { images } from '../ports'; export const camera = images;",
  'components/core/health/health.ts':
    "import { port } from '../../../fsw/framework/port'; export const health = port;",
  'fsw/missions/a/topology.ts':
    "import { camera } from '../../../components/payload/camera/camera'; export const topology = camera;",
  'fsw/launch.ts':
    "import { port } from './framework/port'; export type Message = 1; export const launch = port;",
  'ground-tools/cli/main.ts':
    "import type { Message } from '../../fsw/launch'; export const main: Message = 1;",
  'ground-tools/cli/round.ts': "import { about } from './about'; export const round = about;",
  'node_modules/vitest/package.json': '{ "name": "vitest", "main": "index.js" }',
  'node_modules/vitest/index.js': 'exports.test = 1;',
  'hwtests/sim/board.test.ts': 'export const test = 1;',
  'hwtests/sim/board.ts':
    "import { camera } from '../../components/payload/camera/camera'; export const board = camera;",
};

/** Files that break a rule each. */
const offences: [rule: string, file: string, source: string][] = [
  ['protocols-take-types-only', 'fsw/protocols/code.ts', "export { port } from '../framework/port';"],
  ['protocols-are-pure', 'fsw/protocols/disk.ts', "export { readFileSync } from 'node:fs';"],
  ['protocols-are-below', 'fsw/protocols/up.ts', "export { images } from '../../components/payload/ports';"],
  [
    'framework-is-below',
    'fsw/framework/up.ts',
    "export type { images } from '../../components/payload/ports';",
  ],
  [
    'components-meet-through-ports',
    'components/core/nosy/nosy.ts',
    "export type { health } from '../health/health';",
  ],
  ['rooms-of-components', 'components/core/ports.ts', "export { camera } from '../payload/camera/camera';"],
  [
    'nothing-needs-the-rig',
    'components/core/rigged/rigged.test.ts',
    "export { board } from '../../../hwtests/sim/board';",
  ],
  ['nothing-needs-the-rig', 'fsw/rigged.ts', "export { board } from '../hwtests/sim/board';"],
  [
    'ground-is-not-flight',
    'ground-tools/cli/a.ts',
    "export { images } from '../../components/payload/ports';",
  ],
  [
    'ground-is-not-flight',
    'ground-tools/cli/b.ts',
    "export type { topology } from '../../fsw/missions/a/topology';",
  ],
  ['ground-launches-by-process', 'ground-tools/cli/c.ts', "export { launch } from '../../fsw/launch';"],
  [
    'missions-wire-components',
    'fsw/missions/a/x.ts',
    "export { main } from '../../../ground-tools/cli/main';",
  ],
  [
    'no-circles',
    'ground-tools/cli/about.ts',
    "import { round } from './round'; export const about = () => round;",
  ],
  ['tests-are-leaves', 'hwtests/sim/x.ts', "export { test } from './board.test';"],
  ['flight-takes-no-development-package', 'fsw/check.ts', "export { test } from 'vitest';"],
  ['imports-exist', 'fsw/framework/lost.ts', "export { gone } from './gone';"],
];

let violations: { readonly rule: string; readonly file: string }[] = [];
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'perigee-layers-'));
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    cpSync(join(projectRoot, file), join(root, file));
  const files = [...Object.entries(house), ...offences.map(([, file, source]) => [file, source])];
  for (const [file, source] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), source);
  }
  violations = cruise(root);
  rmSync(root, { recursive: true });
});

function cruise(root: string): typeof violations {
  const bin = join(projectRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const folders = ['fsw', 'components', 'ground-tools', 'hwtests'];
  const args = ['--output-type', 'json', '--config', '.dependency-cruiser.cjs', ...folders];
  const { stdout } = spawnSync(process.execPath, [bin, ...args], { cwd: root, encoding: 'utf8' });
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string }[] };
  };
  return summary.violations.map(({ rule, from }) => ({ rule: rule.name, file: from }));
}

describe('the ways through the house', () => {
  it('are open where the design says so', () => {
    expect(violations.filter(({ file }) => file in house)).toEqual([]);
  });

  it.each(offences)('are shut: %s refuses %s', (rule, file) => {
    expect(violations).toContainEqual({ rule, file });
  });
});

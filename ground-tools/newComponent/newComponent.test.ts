import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { faultsOf } from '../checks/requirements';
import { newComponent } from './newComponent';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'perigee-new-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A house like ours around `root/components`: the real framework, packages and settings. */
function furnish(): void {
  for (const name of ['fsw', 'node_modules', 'tsconfig.json', 'package.json'])
    symlinkSync(join(projectRoot, name), join(root, name));
  const biome = JSON.parse(readFileSync(join(projectRoot, 'biome.json'), 'utf8'));
  writeFileSync(join(root, 'biome.json'), JSON.stringify({ ...biome, vcs: undefined }));
}

/** Runs a tool of node_modules in the house; returns its exit code and what it said. */
function tool(bin: string, ...args: string[]) {
  const path = join(projectRoot, 'node_modules', bin);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

describe('a new component', () => {
  it('compiles under strict, is formatted, passes its own test and the requirements check', () => {
    furnish();
    const made = newComponent(root, 'payload/starTracker');
    expect(made.ok && made.value).toContain('npx vitest run components/payload/starTracker');

    expect(tool('vitest/vitest.mjs', 'run', '--root', root, 'components')).toMatchObject({
      status: 0,
      said: expect.stringContaining('3 passed'),
    });
    const config = {
      extends: './tsconfig.json',
      compilerOptions: { incremental: false, rootDir: projectRoot },
    };
    writeFileSync(join(root, 'check.json'), JSON.stringify({ ...config, include: ['components'] }));
    expect(tool('typescript/bin/tsc', '--noEmit', '-p', 'check.json', '--rootDir', '/')).toEqual({
      status: 0,
      said: '',
    });
    expect(tool('@biomejs/biome/bin/biome', 'ci', 'components').status).toBe(0);
    expect(faultsOf(root)).toEqual([]);
  }, 60_000);

  it('is never written over another', () => {
    expect(newComponent(root, 'core/clockwork').ok).toBe(true);
    writeFileSync(join(root, 'components/core/clockwork/clockwork.ts'), 'mine');
    const again = newComponent(root, 'core/clockwork');
    expect(!again.ok && again.error.code).toBe('COMPONENT_EXISTS');
    expect(readFileSync(join(root, 'components/core/clockwork/clockwork.ts'), 'utf8')).toBe('mine');
  });

  it.each([
    'scrubber',
    'core/../../x',
    'core/Scrubber',
    'core/star-tracker',
    'core/a/b',
    '/core',
    'core/',
    'core/1st',
  ])('is refused as %s', (path) => {
    const made = newComponent(root, path);
    expect(!made.ok && made.error.code).toBe('COMPONENT_NAME');
    expect(readdirSync(root)).toEqual([]);
  });

  it('takes requirement ids that no other component has', () => {
    mkdirSync(join(root, 'components/core/other'), { recursive: true });
    writeFileSync(join(root, 'components/core/other/README.md'), '| PGE-STA-001 | taken | test |');
    newComponent(root, 'core/starTracker');
    newComponent(root, 'core/io');
    const readme = (name: string) => readFileSync(join(root, 'components/core', name, 'README.md'), 'utf8');
    expect(readme('starTracker')).toContain('PGE-STAR-001');
    expect(readme('io')).toContain('PGE-XAA-001');
  });
});

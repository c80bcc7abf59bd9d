import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';

const MAX_LINES = 400;

function filesIn(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.split(/[\\/]/).includes('node_modules'))
    .map((name) => join(folder, name));
}
const files = ['fsw', 'components', 'ground-tools', 'hwtests'].flatMap(filesIn);
const text = (file: string) => readFileSync(join(projectRoot, file), 'utf8');

describe('the house', () => {
  it('has no source file that holds two things (over 400 lines)', () => {
    const sources = files.filter((file) => /\.(ts|mjs|cjs|py)$/.test(file));
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.filter((file) => text(file).trimEnd().split('\n').length > MAX_LINES)).toEqual([]);
  });

  it('lets no source switch off the ban on any and on non-null assertions', () => {
    const escapes = /biome-ignore.*(noExplicitAny|noNonNullAssertion)|@ts-(ignore|nocheck)/;
    const sources = files.filter(
      (file) => file.endsWith('.ts') && !file.startsWith(join('ground-tools', 'checks')),
    );
    expect(sources.filter((file) => escapes.test(text(file)))).toEqual([]);
  });

  it('locks the packages of every platform, so that npm ci works on each (npm run lock adds them)', () => {
    interface Entry {
      optionalDependencies?: Record<string, string>;
    }
    const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, Entry> };
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(wanted.length).toBeGreaterThan(50);
    expect(wanted.filter((name) => !(`node_modules/${name}` in packages))).toEqual([]);
  });
});

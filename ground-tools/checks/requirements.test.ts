import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { faultsOf, titlesIn } from './requirements';

/** A tree with one component per entry: its README and its test. */
function tree(components: Record<string, { readme?: string; test?: string }>): string {
  const root = mkdtempSync(join(tmpdir(), 'perigee-requirements-'));
  for (const [path, { readme, test }] of Object.entries(components)) {
    const folder = join(root, 'components', path);
    mkdirSync(folder, { recursive: true });
    if (readme !== undefined) writeFileSync(join(folder, 'README.md'), readme);
    if (test !== undefined) writeFileSync(join(folder, 'x.test.ts'), test);
  }
  return root;
}
const row = (id: string) => `| ${id} | It does. | test |\n`;
const test = (id: string) => `it('${id}: does', () => {});`;

describe('requirements', () => {
  it('are all verified: each id of a component README is in a test title beside it', () => {
    expect(faultsOf(projectRoot)).toEqual([]);
  });

  it('are missed when no test title names them', () => {
    const root = tree({
      'core/a': { readme: row('PGE-AAA-001') + row('PGE-AAA-002'), test: test('PGE-AAA-001') },
    });
    expect(faultsOf(root)).toEqual(['components/core/a: no test title names PGE-AAA-002']);
  });

  it('are not taken as verified by a comment', () => {
    const root = tree({
      'core/a': { readme: row('PGE-AAA-001'), test: "// PGE-AAA-001\nit('does', () => {});" },
    });
    expect(faultsOf(root)).toEqual(['components/core/a: no test title names PGE-AAA-001']);
  });

  it('have ids of one form, each used once', () => {
    const readme = row('PGE-AAA-001');
    const root = tree({
      'core/a': { readme, test: test('PGE-AAA-001') },
      'core/b': { readme: readme + row('PGE-b-1'), test: `${test('PGE-AAA-001')}\n${test('PGE-b-1')}` },
    });
    expect(faultsOf(root)).toEqual([
      'components/core/b: PGE-AAA-001 is also in components/core/a',
      'components/core/b: PGE-b-1 is not PGE-XXX-NNN',
    ]);
  });

  it('are asked of every component, with a README and a test', () => {
    const root = tree({ 'core/a': {}, 'core/b': { readme: '# b', test: '' } });
    expect(faultsOf(root)).toEqual([
      'components/core/a: no test',
      'components/core/a: no README.md',
      'components/core/b: no requirements in README.md',
    ]);
  });

  it('are not named by a test when the README has dropped them', () => {
    const root = tree({
      'core/a': { readme: row('PGE-AAA-001'), test: test('PGE-AAA-001') + test('PGE-AAA-009') },
    });
    expect(faultsOf(root)).toEqual([
      'components/core/a: a test names PGE-AAA-009, which the README does not have',
    ]);
  });

  it('find titles in every form of call', () => {
    const source =
      "it('one', f); it.each(['(a)', 'b'])('two %s', f); describe(\n  `three`, f); test.skip(\"fo'ur\", f);";
    expect(titlesIn(source)).toEqual(['one', 'two %s', 'three', "fo'ur"]);
  });
});

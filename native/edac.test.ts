import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryErrors } from './edac';

/** A folder as sysfs lays it out. */
function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'perigee-edac-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('the memory errors that Linux counts', () => {
  it('are the sum over memory controllers and over caches, whose parts are in it already', () => {
    const root = tree({
      'mc/mc0/ce_count': '7\n',
      'mc/mc0/ue_count': '1\n',
      'mc/mc0/ce_noinfo_count': '3\n',
      'mc/mc0/csrow0/ce_count': '7\n',
      'mc/mc0/mc_name': 'sensible\n',
      'mc/mc1/ce_count': '5\n',
      'mc/mc1/ue_count': '0\n',
      'mc/power/control': 'auto\n',
      'cpu_cache/cpu_cache0/ce_count': '2\n',
      'cpu_cache/cpu_cache0/ue_count': '0\n',
      'cpu_cache/cpu_cache0/L2/ce_count': '2\n',
      'cpu_cache/log_ce': '1\n',
      uevent: '',
    });
    expect(memoryErrors(root)).toEqual({ corrected: 14, uncorrected: 1, counters: 3 });
  });

  it('are absent where nothing counts: no tree, no controller, a counter that is none', () => {
    expect(memoryErrors('/nowhere/at/all')).toBeUndefined();
    expect(memoryErrors(tree({ 'mc/power/control': 'auto\n', 'pci/pci0/pe_count': '4\n' }))).toBeUndefined();
    expect(memoryErrors(tree({ 'mc/mc0/ce_count': 'lots\n', 'mc/mc0/ue_count': '\n' }))).toBeUndefined();
  });

  it('are told by one of the two counters when the other is missing', () => {
    expect(memoryErrors(tree({ 'mc/mc0/ue_count': '2\n' }))).toEqual({
      corrected: 0,
      uncorrected: 2,
      counters: 1,
    });
  });
});

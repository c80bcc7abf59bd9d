import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { dictionaryJson, dictionaryOf } from '../../../fsw/framework/dictionary';
import type { Topology } from '../../../fsw/framework/topology';
import { topology as earthWatch } from '../../../fsw/missions/earth-watch/topology';
import { topology as linkBench } from '../../../fsw/missions/link-bench/topology';
import { convertDictionary } from '../../../ground-tools/dictionary/formats';
import { describeWith, venv } from '../python';

interface Checked {
  readonly errors: readonly string[];
  readonly contents: readonly string[];
}

describeWith(
  venv('yamcs-tools', ['fprime-xtce==0.1.5']),
  'fprime-xtce 0.1.5 and its XTCE 1.2 schema',
  (venv) => {
    it.each([
      ['link-bench', linkBench],
      ['earth-watch', earthWatch],
    ])('our XTCE of %s is valid and holds what theirs does, under the same paths', (mission, topology) => {
      const folder = mkdtempSync(join(tmpdir(), 'perigee-xtce-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const [fprime, ours, theirs] = ['fprime.json', 'ours.xml', 'theirs.xml'].map((name) =>
        join(folder, name),
      );
      writeFileSync(fprime, exported(topology, 'fprime'));
      writeFileSync(ours, exported(topology, 'xtce'));

      const converted = spawnSync(join(venv.bin, 'fprime-to-xtce'), ['-o', theirs, fprime], {
        encoding: 'utf8',
      });
      expect(converted.status, converted.stderr).toBe(0);
      const checked = spawnSync(venv.python, [join(__dirname, 'checkXtce.py'), ours, theirs], {
        encoding: 'utf8',
      });
      expect(checked.status, checked.stderr).toBe(0);

      const [our, their] = JSON.parse(checked.stdout) as Checked[];
      expect(our.errors).toEqual([]);
      expect(their.errors).toEqual([]);
      expect(our.contents).toEqual(their.contents);
      expect(our.contents.length).toBeGreaterThan(mission === 'link-bench' ? 150 : 300);
    });
  },
);

function exported(topology: Topology, format: 'fprime' | 'xtce'): string {
  const converted = convertDictionary(
    JSON.stringify(dictionaryJson(dictionaryOf(topology))),
    format,
    '0.1.0',
  );
  if (!converted.ok) throw new Error(converted.error.text);
  return converted.value;
}

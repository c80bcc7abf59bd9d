import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarGz, zip } from './testIndex';
import { unpack } from './unpack';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'perigee-unpack-'));
});
afterEach(() => rmSync(work, { recursive: true }));

/** A tree with names longer than a tar header holds, a name that is not ASCII, and an empty file. */
const long = `${'deep/'.repeat(30)}${'n'.repeat(120)}`;
const tree = new Map([
  ['data/short.txt', 'short'],
  [`data/${long}`, 'long'],
  ['data/Größe ü.txt', 'ü'],
  ['data/empty', ''],
  ['data/large', 'large '.repeat(50_000)],
]);

function plant(): void {
  for (const [path, text] of tree) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
}

async function unpacked(file: string, strip = 0) {
  const into = join(work, `into-${readdirSync(work).length}`);
  mkdirSync(into);
  const files = await unpack(join(work, file), file, into, strip);
  if (!files.ok) return files.error.code;
  return new Map(files.value.map(({ path }) => [path, readFileSync(join(into, path), 'utf8')]));
}

const sorted = (files: unknown) => (files instanceof Map ? [...files].sort() : files);
const missing = (program: string) => spawnSync(program, ['--version']).error !== undefined;

describe('unpack', () => {
  it.skipIf(missing('tar'))(
    'reads what GNU tar writes, in each of its forms, with names of any length',
    async () => {
      plant();
      for (const form of ['gnu', 'pax']) {
        const packed = spawnSync('tar', ['--format', form, '-czf', `${form}.tar.gz`, 'data'], { cwd: work });
        expect(packed.status).toBe(0);
        expect(sorted(await unpacked(`${form}.tar.gz`)), form).toEqual(sorted(tree));
      }
      const short = spawnSync('tar', ['--format=ustar', '-czf', 'u.tgz', 'data/short.txt', 'data/deep'], {
        cwd: work,
      });
      expect(short.stderr.toString()).toContain('too long');
      writeFileSync(join(work, 'prefix.tgz'), '');
      rmSync(join(work, `data/${long}`));
      writeFileSync(join(work, `data/${'deep/'.repeat(30)}n`), 'split');
      spawnSync('tar', ['--format=ustar', '-czf', 'prefix.tgz', 'data/deep'], { cwd: work });
      expect(await unpacked('prefix.tgz')).toEqual(new Map([[`data/${'deep/'.repeat(30)}n`, 'split']]));
    },
  );

  it.skipIf(missing('python3'))("reads what Python's zipfile writes, stored and deflated", async () => {
    plant();
    for (const form of ['ZIP_STORED', 'ZIP_DEFLATED']) {
      const script = `
import os, sys, zipfile
with zipfile.ZipFile('${form}.zip', 'w', zipfile.${form}) as z:
    for folder, _, names in os.walk('data'):
        z.write(folder)
        for name in names: z.write(os.path.join(folder, name))
    z.comment = b'a comment after the end record'`;
      const packed = spawnSync('python3', ['-c', script], { cwd: work, encoding: 'utf8' });
      expect(packed.stderr).toBe('');
      expect(sorted(await unpacked(`${form}.zip`)), form).toEqual(sorted(tree));
    }
  });

  it('takes away leading folders, and what lies above them', async () => {
    const bytes = tarGz([
      { path: 'top', text: 'x' },
      { path: './top-1/a/b', text: 'b' },
      { path: 'top-1/', type: '5' },
    ]);
    writeFileSync(join(work, 'a.tgz'), bytes);
    expect(await unpacked('a.tgz', 1)).toEqual(new Map([['a/b', 'b']]));
  });

  it('makes a coded error of whatever is damaged, and writes nothing outside', async () => {
    const members = [
      { path: 'p/one', text: 'one '.repeat(300) },
      { path: 'p/two', text: 'two' },
    ];
    const tar = gunzipSync(tarGz(members));
    const archives = [
      ['d.tar.gz', tar, gzipSync],
      ['d.zip', zip(members), (bytes: Buffer) => bytes],
    ] as const;
    for (const [name, whole, pack] of archives) {
      const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 4,
      });
      await fc.assert(
        fc.asyncProperty(damage, fc.nat(whole.length), async (bytes, cut) => {
          const damaged = Buffer.from(whole.subarray(0, cut % 3 === 0 ? cut : whole.length));
          for (const [at, value] of bytes) if (at < damaged.length) damaged[at] = value;
          const folder = mkdtempSync(join(work, 'run-'));
          const into = join(folder, 'into');
          mkdirSync(into);
          writeFileSync(join(folder, name), pack(damaged));
          const files = await unpack(join(folder, name), name, into, 0);
          if (!files.ok) expect(['ASSET_ARCHIVE', 'FILE_FAILED']).toContain(files.error.code);
          expect(readdirSync(folder).sort()).toEqual([name, 'into'].sort());
          rmSync(folder, { recursive: true });
        }),
        { seed: 4, numRuns: 150 },
      );
    }
  });
});

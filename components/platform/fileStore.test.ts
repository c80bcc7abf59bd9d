import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryFiles } from '../../fsw/framework/memoryFiles';
import { type FileStoreOptions, fileStore } from './fileStore';

let outside: string;
let folder: string;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'perigee-files-'));
  folder = join(outside, 'store');
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

function store(options: FileStoreOptions = {}) {
  const opened = fileStore(folder, options);
  if (!opened.ok) throw new Error(opened.error.text);
  return opened.value;
}
const bytes = (...values: number[]) => Uint8Array.from(values);
const done = { ok: true, value: undefined };
const failing = (code: string) => ({ ok: false, error: { code } });

describe('fileStore', () => {
  it('PGE-DRV-020: reads and writes at an offset; a gap reads as zeros, the end reads short', () => {
    const files = store();
    expect(files.write('a', 3, bytes(1, 2))).toEqual(done);
    expect(files.write('a', 0, bytes(9))).toEqual(done);
    const into = new Uint8Array(10);
    expect(files.read('a', 0, into)).toEqual({ ok: true, value: 5 });
    expect(into.subarray(0, 5)).toEqual(bytes(9, 0, 0, 1, 2));
    expect(files.read('a', 4, into)).toEqual({ ok: true, value: 1 });
    expect(files.read('a', 99, into)).toEqual({ ok: true, value: 0 });
    expect(files.truncate('a', 2)).toEqual(done);
    expect(files.stat('a')).toEqual({ ok: true, value: { kind: 'file', size: 2 } });
    expect(files.sync('a')).toEqual(done);
  });

  it('PGE-DRV-020: makes, lists, moves and removes, and says with a code what does not go', () => {
    const files = store();
    expect(files.makeFolder('/b/c')).toEqual(done);
    expect(files.makeFolder('b/c')).toEqual(done);
    files.write('b/two', 0, bytes(2));
    files.write('/b//one', 0, bytes(1));
    expect(files.list('b')).toEqual({ ok: true, value: ['c', 'one', 'two'] });
    expect(files.list('/')).toEqual({ ok: true, value: ['b'] });
    expect(files.rename('b/one', 'b/two')).toEqual(done);
    expect(readFileSync(join(folder, 'b/two'))).toEqual(Buffer.of(1));
    expect(files.rename('b', 'd')).toEqual(done);
    expect(files.rename('d/two', 'd/c')).toMatchObject(failing('FILE_EXISTS'));
    expect(files.rename('d/c', 'd/two')).toMatchObject(failing('FILE_EXISTS'));
    expect(files.rename('none', 'x')).toMatchObject(failing('FILE_MISSING'));
    expect(files.removeFolder('d')).toMatchObject(failing('FILE_NOT_EMPTY'));
    expect(files.remove('d')).toMatchObject(failing('FILE_KIND'));
    expect(files.removeFolder('d/two')).toMatchObject(failing('FILE_KIND'));
    expect(files.write('d', 0, bytes(1))).toMatchObject(failing('FILE_KIND'));
    expect(files.write('d/two/x', 0, bytes(1))).toMatchObject(failing('FILE_KIND'));
    expect(files.write('none/x', 0, bytes(1))).toMatchObject(failing('FILE_MISSING'));
    expect(files.makeFolder('d/two')).toMatchObject(failing('FILE_EXISTS'));
    expect(files.list('d/two')).toMatchObject(failing('FILE_KIND'));
    expect(files.remove('d/two')).toEqual(done);
    expect(files.removeFolder('d/c')).toEqual(done);
    expect(files.removeFolder('/')).toMatchObject(failing('FILE_PATH'));
    expect(files.rename('/', 'x')).toMatchObject(failing('FILE_PATH'));
    for (const offset of [-1, 0.5, Number.NaN, 2 ** 60])
      expect(files.write('a', offset, bytes(1))).toMatchObject(failing('FILE_FAILED'));
  });

  it.each([
    '..',
    '../x',
    'a/../../x',
    '/..',
    'a/..',
    'x\0y',
    'a\\..\\b',
    'C:x',
    'x'.repeat(121),
    'é/'.repeat(90),
  ])('PGE-DRV-021: refuses the path %j, whatever is asked of it', (path) => {
    const files = store();
    files.write('a', 0, bytes(1));
    const asked = [
      files.stat(path),
      files.list(path),
      files.read(path, 0, bytes(0)),
      files.write(path, 0, bytes(1)),
      files.truncate(path, 0),
      files.sync(path),
      files.rename(path, 'b'),
      files.rename('a', path),
      files.remove(path),
      files.makeFolder(path),
      files.removeFolder(path),
    ];
    for (const answer of asked) expect(answer).toMatchObject(failing('FILE_PATH'));
    expect(files.list('')).toEqual({ ok: true, value: ['a'] });
  });

  it('PGE-DRV-021: no path leads out, whatever it is made of', () => {
    const files = store();
    writeFileSync(join(outside, 'secret'), 'secret');
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      'a',
      'store',
      'secret',
      '...',
      '~',
      '%2e%2e',
      '..\u2215',
      ' ..',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const path = parts.join('/');
        const read = files.read(path, 0, new Uint8Array(6));
        expect(read.ok).toBe(false);
        files.write(`${path}/secret2`, 0, bytes(1));
      }),
      { numRuns: 300 },
    );
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(() => readFileSync(join(outside, 'secret2'))).toThrow();
  });

  it('PGE-DRV-021: follows no symbolic link, to a file, to a folder or to nothing', () => {
    const files = store();
    mkdirSync(join(outside, 'etc'));
    writeFileSync(join(outside, 'etc', 'passwd'), 'root');
    symlinkSync(join(outside, 'etc'), join(folder, 'toFolder'));
    symlinkSync(join(outside, 'etc', 'passwd'), join(folder, 'toFile'));
    symlinkSync(join(outside, 'new'), join(folder, 'toNothing'));
    for (const path of ['toFile', 'toFolder/passwd', 'toFolder', 'toNothing']) {
      expect(files.read(path, 0, new Uint8Array(4))).toMatchObject(failing('FILE_PATH'));
      expect(files.write(path, 0, bytes(1))).toMatchObject(failing('FILE_PATH'));
      expect(files.list(path)).toMatchObject(failing('FILE_PATH'));
    }
    expect(readFileSync(join(outside, 'etc', 'passwd'), 'utf8')).toBe('root');
    expect(() => readFileSync(join(outside, 'new'))).toThrow();
  });

  it('PGE-DRV-022: a store of bounded size is full with a code, and has room again after a removal', () => {
    store().write('before', 0, new Uint8Array(40));
    const files = store({ maxBytes: 100 });
    expect(files.freeBytes()).toEqual({ ok: true, value: 60 });
    expect(files.write('a', 0, new Uint8Array(60))).toEqual(done);
    expect(files.write('a', 0, new Uint8Array(60))).toEqual(done);
    expect(files.write('a', 60, bytes(1))).toMatchObject(failing('FILE_DISK_FULL'));
    expect(files.truncate('b', 1)).toMatchObject(failing('FILE_DISK_FULL'));
    expect(files.stat('b')).toMatchObject(failing('FILE_MISSING'));
    expect(files.rename('a', 'before')).toEqual(done);
    expect(files.freeBytes()).toEqual({ ok: true, value: 40 });
    expect(files.truncate('before', 10)).toEqual(done);
    expect(files.remove('before')).toEqual(done);
    expect(files.freeBytes()).toEqual({ ok: true, value: 100 });
  });

  it('PGE-DRV-022: a folder that cannot be had is an error with a code', () => {
    writeFileSync(join(outside, 'file'), '');
    expect(fileStore(join(outside, 'file'))).toMatchObject(failing('FILE_FAILED'));
  });

  it('PGE-DRV-023: files in memory, which tests of components use, answer as files on the disk do', () => {
    const path = fc.constantFrom('a', 'b', 'f', 'f/a', 'f/b', 'f/g', '../x', '', 'f/g/a');
    const size = fc.nat(30);
    const step = fc.oneof(
      fc.record({ call: fc.constant('write' as const), path, at: size, size }),
      fc.record({ call: fc.constant('truncate' as const), path, size }),
      fc.record({
        call: fc.constantFrom('stat', 'list', 'remove', 'makeFolder', 'sync') as fc.Arbitrary<'stat'>,
        path,
      }),
      fc.record({
        call: fc.constant('read' as const),
        path,
        at: size,
        size: fc.integer({ min: 1, max: 30 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        rmSync(folder, { recursive: true, force: true });
        const pair = [store(), memoryFiles()];
        for (const one of steps) {
          const [real, memory] = pair.map((files) => {
            if (one.call === 'write')
              return files.write(one.path, one.at, new Uint8Array(one.size).fill(one.at));
            if (one.call === 'truncate') return files.truncate(one.path, one.size);
            const into = new Uint8Array(one.call === 'read' ? one.size : 0);
            if (one.call === 'read') return [codeOf(files.read(one.path, one.at, into)), into];
            return files[one.call](one.path);
          });
          expect(codeOf(memory)).toEqual(codeOf(real));
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** An answer with the text of its error left out. */
function codeOf(answer: unknown): unknown {
  const error = (answer as { error?: { code: string } }).error;
  return error ? error.code : answer;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileStorage } from './fileStorage';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-storage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function storage(at = folder) {
  const opened = fileStorage(at);
  if (!opened.ok) throw new Error(opened.error.text);
  return opened.value;
}

describe('fileStorage', () => {
  it('PGE-DRV-001: reads back what was written, also after a start, and makes its folder', () => {
    const deep = join(folder, 'a', 'b');
    expect(storage(deep).write('params.prm', Uint8Array.of(1, 2, 3)).ok).toBe(true);
    expect(storage(deep).write('params.prm', Uint8Array.of(4)).ok).toBe(true);
    expect(storage(deep).read('params.prm')).toEqual({ ok: true, value: Uint8Array.of(4) });
    expect(readdirSync(deep)).toEqual(['params.prm']);
  });

  it('PGE-DRV-001: says that a file is not there', () => {
    expect(storage().read('none')).toMatchObject({
      error: { code: 'STORAGE_MISSING', text: 'none is not in storage' },
    });
  });

  it.each(['', '.', '..', '../x', 'a/b', '/etc/passwd', '.params.tmp', 'a\0b', 'x'.repeat(121)])(
    'PGE-DRV-002: refuses the name %j',
    (name) => {
      const code = 'STORAGE_NAME';
      expect(storage().read(name)).toMatchObject({ error: { code } });
      expect(storage().write(name, Uint8Array.of(1))).toMatchObject({ error: { code } });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('PGE-DRV-003: removes what a killed write left, and never takes it for the file', () => {
    storage().write('params', Uint8Array.of(1));
    writeFileSync(join(folder, '.params.tmp'), 'half a fi');
    expect(storage().read('params')).toEqual({ ok: true, value: Uint8Array.of(1) });
    expect(readdirSync(folder)).toEqual(['params']);
  });

  it('PGE-DRV-003: answers with a coded error when the medium does not do it, and the old file stays', () => {
    const store = storage();
    store.write('params', Uint8Array.of(1));
    mkdirSync(join(folder, '.params.tmp'));
    expect(store.write('params', Uint8Array.of(2))).toMatchObject({ error: { code: 'STORAGE_FAILED' } });
    expect(store.read('params')).toEqual({ ok: true, value: Uint8Array.of(1) });
    mkdirSync(join(folder, 'sub'));
    expect(store.read('sub')).toMatchObject({ error: { code: 'STORAGE_FAILED' } });
    writeFileSync(join(folder, 'file'), '');
    expect(fileStorage(join(folder, 'file'))).toMatchObject({ error: { code: 'STORAGE_FAILED' } });
  });

  it('PGE-DRV-004: a process killed at any instant of its writing leaves a whole file', async () => {
    const versions = new Set<number>();
    // Each child is killed after another number of its writes have been reported: no clock is asked.
    for (const writes of [1, 2, 3, 5, 8, 13]) {
      await killAfter(writes);
      const read = storage().read('golden');
      if (!read.ok) throw new Error(read.error.text);
      expect(read.value.length).toBe(FILE_LENGTH);
      expect(new Set(read.value).size).toBe(1);
      versions.add(read.value[0]);
      expect(readdirSync(folder)).toEqual(['golden']);
    }
    expect(versions.size).toBeGreaterThan(1);
  }, 60_000);
});

const FILE_LENGTH = 1 << 20;

/** Starts a process that writes `golden` again and again, each time full of another byte, and kills it in the midst. */
async function killAfter(writes: number): Promise<void> {
  const script = `
    require('ts-node').register({ transpileOnly: true });
    const { fileStorage } = require(${JSON.stringify(join(__dirname, 'fileStorage'))});
    const store = fileStorage(${JSON.stringify(folder)}).value;
    for (let i = ${writes}; ; i++) {
      store.write('golden', new Uint8Array(${FILE_LENGTH}).fill(i));
      require('node:fs').writeSync(1, '.');
    }`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let reported = 0;
  for await (const chunk of child.stdout) {
    reported += (chunk as Buffer).length;
    if (reported >= writes) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
}

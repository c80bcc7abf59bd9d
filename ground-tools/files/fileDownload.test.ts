import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addModularChecksum, type FilePacket, filePacket } from '../../fsw/protocols';
import { FileDownloads } from './fileDownload';

let outside: string;
let folder: string;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'perigee-down-'));
  folder = join(outside, 'files');
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

const bytes = Uint8Array.from({ length: 10 }, (_, i) => i * 7);
const start: FilePacket = { type: 'start', sequence: 0, size: 10, source: 'a', destination: 'x/a.bin' };
const data = (from: number, to: number): FilePacket => ({
  type: 'data',
  sequence: 1,
  offset: from,
  bytes: bytes.subarray(from, to),
});
const end: FilePacket = { type: 'end', sequence: 9, checksum: addModularChecksum(0, 0, bytes) };

function take(ground: FileDownloads, ...packets: FilePacket[]) {
  return packets.map((packet) => {
    const written = filePacket(packet);
    const taken = written.ok ? ground.take(written.value) : written;
    return taken.ok ? taken.value : taken.error.code;
  });
}

describe('FileDownloads', () => {
  it('gives a file its name when it is whole and its checksum right', () => {
    const ground = new FileDownloads(folder);
    expect(take(ground, start, data(0, 6))).toEqual([
      { kind: 'started', source: 'a', destination: 'x/a.bin', size: 10 },
      undefined,
    ]);
    expect(existsSync(join(folder, 'x_a.bin'))).toBe(false);
    const path = join(folder, 'x_a.bin');
    expect(take(ground, data(6, 10), end)).toEqual([
      undefined,
      { kind: 'complete', source: 'a', path, size: 10 },
    ]);
    expect(readFileSync(path)).toEqual(Buffer.from(bytes));
    expect(readdirSync(folder)).toEqual(['x_a.bin']);
    expect(ground.incomplete).toEqual([]);
  });

  it('says at END what is missing, and goes on when a part is sent, or comes late', () => {
    const ground = new FileDownloads(folder);
    const missing = [{ start: 4, end: 8 }];
    expect(take(ground, start, data(0, 4), data(8, 10), end).at(-1)).toEqual({
      kind: 'incomplete',
      source: 'a',
      destination: 'x/a.bin',
      missing,
    });
    expect(ground.incomplete).toMatchObject([{ source: 'a', missing }]);
    expect(take(ground, data(4, 6))).toEqual([undefined]);
    expect(take(ground, start, data(6, 8), end).at(-1)).toMatchObject({ kind: 'complete' });
    expect(take(ground, start, data(0, 9), end, data(9, 10)).at(-1)).toMatchObject({ kind: 'complete' });
  });

  it('never takes a wrong file for the right one', () => {
    const ground = new FileDownloads(folder);
    const wrong: FilePacket = { type: 'end', sequence: 9, checksum: 1 };
    expect(take(ground, start, data(0, 10), wrong).at(-1)).toMatchObject({ kind: 'damaged' });
    expect(readdirSync(folder)).toEqual([]);
    expect(take(ground, start, data(0, 10), end).at(-1)).toMatchObject({ kind: 'complete' });
  });

  it('a canceled file keeps what is there for another round', () => {
    const ground = new FileDownloads(folder);
    const [, , canceled] = take(ground, start, data(0, 5), { type: 'cancel', sequence: 2 });
    expect(canceled).toMatchObject({ kind: 'canceled' });
    expect(take(ground, start, data(5, 10), end).at(-1)).toMatchObject({ kind: 'complete' });
  });

  it('refuses what has no START, what lies outside of the file, and what is no file packet', () => {
    const ground = new FileDownloads(folder);
    expect(take(ground, data(0, 5), end)).toEqual(['DOWNLOAD_UNKNOWN', 'DOWNLOAD_UNKNOWN']);
    take(ground, start);
    expect(take(ground, { type: 'data', sequence: 1, offset: 9, bytes })).toEqual(['FILE_FAILED']);
    expect(ground.take(Uint8Array.of(0, 2, 1))).toMatchObject({ ok: false });
  });

  it('no destination leads out of the folder', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60, unit: fc.constantFrom('.', '/', 'a', '\\', '\0', 'é', '~') }),
        (name) => {
          const ground = new FileDownloads(folder);
          const done = take(ground, { ...start, destination: name } as FilePacket, data(0, 10), end).at(-1);
          expect(done).toMatchObject({ kind: 'complete' });
          expect(readdirSync(outside)).toEqual(['files']);
          expect(readdirSync(folder).length).toBe(1);
          rmSync(folder, { recursive: true });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('holds a bounded number of incomplete files', () => {
    const ground = new FileDownloads(folder);
    for (let i = 0; i < 100; i++) take(ground, { ...start, source: `${i}` } as FilePacket, data(0, 5));
    expect(ground.incomplete.length).toBe(64);
    expect(readdirSync(folder).length).toBe(64);
  });
});

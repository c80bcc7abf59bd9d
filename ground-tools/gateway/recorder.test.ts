import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { SequenceCounters, TmFramer, writeSpacePacketHeader } from '../../fsw/protocols';
import type { Block } from './block';
import { Recorder } from './recorder';
import { aboutSegment, blocksOf, type Damage, packetsIn, segmentsOf } from './recording';

const folders: string[] = [];
const temporary = () => {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-record-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function open(folder: string, segmentBytes?: number) {
  const recorder = Recorder.open({ folder, fsync: 'never', segmentBytes, about: { link: 'test' } });
  if (!recorder.ok) throw new Error(recorder.error.text);
  return recorder.value;
}
const block = (atMs: number, payload: Uint8Array, apids: number[] = [1]): Block => ({
  direction: 'received',
  atMs,
  apids,
  payload,
});
function readAll(folder: string) {
  const damage: Damage[] = [];
  const segments = segmentsOf(folder);
  const blocks = segments.ok
    ? segments.value.flatMap((file) => [...blocksOf(file, (d) => damage.push(d))])
    : [];
  return { blocks, damage };
}
const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);

describe('a recording', () => {
  it('gives back every block, over segments, also those of an earlier recorder', () => {
    const folder = temporary();
    const first = open(folder, 1000);
    for (let i = 0; i < 20; i++) first.append(block(i, bytes(300, i), [i % 3, 7]));
    first.close();
    const second = open(folder);
    second.append({ ...block(20, bytes(0, 0), []), direction: 'sent' });
    second.close();
    const { blocks, damage } = readAll(folder);
    expect(damage).toEqual([]);
    expect(blocks).toHaveLength(21);
    for (const [i, { atMs, payload, apids }] of blocks.slice(0, 20).entries())
      expect([atMs, [...payload], apids]).toEqual([i, [...bytes(300, i)], [i % 3, 7]]);
    expect(blocks[20]).toMatchObject({ direction: 'sent', atMs: 20, apids: [] });
    const segments = segmentsOf(folder);
    expect(segments.ok && segments.value.length).toBeGreaterThan(7);
    expect(segments.ok && aboutSegment(segments.value[0])).toEqual({ ok: true, value: { link: 'test' } });
  });

  it('loses only what was torn, wherever it was cut', () => {
    const folder = temporary();
    const recorder = open(folder);
    const sizes = [40, 0, 700, 5];
    for (const [i, size] of sizes.entries()) recorder.append(block(i, bytes(size, i + 1)));
    recorder.close();
    const segments = segmentsOf(folder);
    const file = segments.ok ? segments.value[0] : '';
    const whole = readFileSync(file);
    const start = whole.indexOf('\n') + 1;
    const ends = sizes.map((_, i) => start + sizes.slice(0, i + 1).reduce((sum, size) => sum + 26 + size, 0));
    for (let cut = start; cut <= whole.length; cut++) {
      truncateSync(file, 0);
      appendFileSync(file, whole.subarray(0, cut));
      const { blocks, damage } = readAll(folder);
      const kept = ends.filter((end) => end <= cut).length;
      const torn = cut - (ends[kept - 1] ?? start);
      expect(blocks).toHaveLength(kept);
      expect(damage.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(torn);
    }
  });

  it('passes over damage to the next whole block, and says where it was', () => {
    fc.assert(
      fc.property(fc.nat(4), fc.nat(25), fc.integer({ min: 1, max: 255 }), (which, at, flip) => {
        const folder = temporary();
        const recorder = open(folder);
        for (let i = 0; i < 5; i++) recorder.append(block(i, bytes(100, i)));
        recorder.close();
        const segments = segmentsOf(folder);
        const file = segments.ok ? segments.value[0] : '';
        const content = readFileSync(file);
        content[content.indexOf('\n') + 1 + which * 126 + at] ^= flip;
        writeFileSync(file, content);
        const { blocks, damage } = readAll(folder);
        // Damage may hide a block only by making it unreadable; the others stand.
        expect(blocks.map(({ atMs }) => atMs)).toEqual([0, 1, 2, 3, 4].filter((i) => i !== which));
        expect(damage).toMatchObject([{ bytes: 126 }]);
      }),
      { numRuns: 60 },
    );
  });

  it('is refused by code where no folder can be', () => {
    const file = join(temporary(), 'file');
    writeFileSync(file, '');
    expect(Recorder.open({ folder: join(file, 'x') })).toMatchObject({ error: { code: 'RECORD_FAILED' } });
    expect(segmentsOf('/nowhere')).toMatchObject({ error: { code: 'RECORD_EMPTY' } });
  });
});

describe('packets out of a recording', () => {
  /** Records packets of changing APIDs and lengths in blocks that heed no frame. */
  function record(folder: string, lengths: number[], chunk: number) {
    const stream: number[] = [];
    const framer = new TmFramer({ onFrame: (frame) => void stream.push(...frame) });
    const counters = new SequenceCounters();
    const packets: { apid: number; packet: Uint8Array; endsAt: number }[] = [];
    const apidOf = (i: number) => (i % 7 === 0 ? 4 : 2);
    for (const [i, length] of lengths.entries()) {
      const packet = new Uint8Array(6 + length).fill(i);
      const apid = apidOf(i);
      writeSpacePacketHeader(packet, 0, {
        type: 'telemetry',
        apid,
        sequence: counters.next(apid),
        dataLength: length,
      });
      framer.add(packet);
      framer.flush();
      packets.push({ apid, packet, endsAt: stream.length });
    }
    const recorder = open(folder, 40_000);
    for (let at = 0; at < stream.length; at += chunk) {
      const ended = packets.filter(({ endsAt }) => endsAt > at && endsAt <= at + chunk);
      const apids = [...new Set(ended.map(({ apid }) => apid))];
      recorder.append(block(at, Uint8Array.from(stream.slice(at, at + chunk)), apids));
    }
    recorder.close();
    return packets;
  }

  it('are all there, of one APID or of all, however blocks and frames lie', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 500, max: 5000 }),
        (lengths, chunk) => {
          const folder = temporary();
          const packets = record(folder, lengths, chunk);
          const got = (apid?: number) => [...packetsIn(folder, { apid })].map(({ packet }) => packet);
          expect(got()).toEqual(packets.map(({ packet }) => packet));
          for (const apid of [2, 4, 9])
            expect(got(apid)).toEqual(packets.filter((p) => p.apid === apid).map(({ packet }) => packet));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('are found after a long time of others', () => {
    const folder = temporary();
    const packets = record(folder, [...Array(7).fill(2500), ...Array(6).fill(60_000), 10], 3000);
    // Index 0 and 7 and 14 are of APID 4; long ones of APID 2 lie between.
    const got = [...packetsIn(folder, { apid: 4 })].map(({ packet }) => packet);
    expect(got).toEqual(packets.filter((p) => p.apid === 4).map(({ packet }) => packet));
  });

  it('are those of the time asked for', () => {
    const folder = temporary();
    const packets = record(folder, Array(40).fill(900), 1024);
    const got = [...packetsIn(folder, { fromMs: 1024 * 10, toMs: 1024 * 12 })];
    expect(got.map(({ packet }) => packet)).toEqual(packets.slice(10, 13).map(({ packet }) => packet));
  });
});

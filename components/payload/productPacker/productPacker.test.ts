import { describe, expect, it } from 'vitest';
import { bytes, decode, struct, type Type, U64 } from '../../../fsw/framework';
import { BENCH_BASE_ID, bench } from '../../../fsw/framework/testing';
import { readRecordPacket } from '../../../fsw/protocols';
import type { Findings } from '../ports';
import { testInfo } from '../testFrames';
import { productPacker } from './productPacker';
import { compact, Detection, FrameSummary, MAX_RECORD_BYTES, NOWHERE } from './records';

/** Findings of `columns` x 1 tiles: each is [cloud, land, shore, water class, water fraction]. */
function findingsOf(...tiles: readonly (readonly [number, number, number, number, number])[]): Findings {
  return {
    columns: tiles.length,
    rows: 1,
    tilePx: 32,
    classNames: ['land', 'shore', 'open-water'],
    probabilities: new Float32Array(tiles.flatMap(([, land, shore, water]) => [land, shore, water])),
    waterFraction: new Float32Array(tiles.map(([, , , , water]) => water)),
    cloudFraction: new Float32Array(tiles.map(([cloud]) => cloud)),
  };
}

const land = [0, 0.75, 0.125, 0.125, 0] as const;
const shore = [0.25, 0.125, 0.75, 0.125, 0.5] as const;
const faintShore = [0, 0.25, 0.5, 0.25, 0.5] as const;
const clouded = [1, 0, 1, 0, 1] as const;

async function pack(findings: Findings, info = testInfo, setUp: Record<string, number> = {}) {
  const b = await bench(productPacker);
  for (const [name, val] of Object.entries(setUp)) b.command(`${name}_PRM_SET`, { val });
  b.in.classified({ info, findings });
  await b.settle();
  const packets = b.calls('comOut').map(({ data, value }) => {
    const packet = readRecordPacket(data as Uint8Array);
    if (!packet.ok) throw new Error(packet.error.text);
    return { ...packet.value, value: value as number, length: (data as Uint8Array).length };
  });
  const all = <T>(type: Type<T>, recordId: number): T[] =>
    packets
      .filter(({ productId }) => productId === BENCH_BASE_ID + recordId)
      .flatMap(({ records, recordLength, count }) =>
        Array.from({ length: count }, (_, i) => {
          const record = decode(type, records.slice(i * recordLength, (i + 1) * recordLength));
          if (!record.ok) throw new Error(record.error.text);
          return record.value;
        }),
      );
  return { b, packets, summaries: all(FrameSummary, 0), detections: all(Detection, 1) };
}

describe('the product packer', () => {
  it('PGE-PCK-001: sends one summary of each frame, of what its clear tiles show', async () => {
    const { summaries, packets } = await pack(findingsOf(land, shore, faintShore, clouded), {
      ...testInfo,
      id: 0x10007,
      latDeg: 12.345,
      lonDeg: -170.5,
    });
    expect(summaries).toEqual([
      {
        frame: 7,
        afterS: 0,
        located: true,
        latCentideg: 1235,
        lonCentideg: -17050,
        tiles: 4,
        counts: [1, 2, 0, 0],
        cloudPercent: 31,
        waterPercent: 33,
      },
    ]);
    expect(packets[0]).toMatchObject({ value: 1, length: 32 });
  });

  it('PGE-PCK-002: sends a detection for each clear tile of a watched class that is sure enough', async () => {
    const { b, detections, packets } = await pack(findingsOf(land, shore, faintShore, clouded));
    expect(detections).toMatchObject([{ frame: 7, tile: 1, classIndex: 1, confidence: 191, water: 128 }]);
    expect(packets[1]).toMatchObject({ count: 1, value: 7.5, recordLength: 15 });
    expect(b.telemetry).toMatchObject({ Detections: 1, Products: 2, ProductBytes: 32 + 31 });
  });

  it('PGE-PCK-003: watches, trusts and values what its parameters say', async () => {
    const { detections, packets } = await pack(findingsOf(land, shore, faintShore), testInfo, {
      WatchMask: 0b011,
      MinConfidence: 0.5,
      DetectionValue: 2,
    });
    expect(detections.map(({ tile }) => tile)).toEqual([0, 1, 2]);
    expect(packets[1].value).toBe(4);
    const none = await pack(findingsOf(land, shore), testInfo, { WatchMask: 0 });
    expect(none.packets).toHaveLength(1);
  });

  it('PGE-PCK-004: places a detection at the centre of its tile, or nowhere when the frame has no place', async () => {
    // Two tiles of 32 px side by side, 1 km a pixel: 16 km left and right of the middle, one row up.
    const placed = await pack(findingsOf(shore, shore));
    const eastE5 = Math.round((16_000 / 6_371_009) * (180 / Math.PI) * 1e5);
    expect(placed.detections.map(({ lonE5 }) => lonE5)).toEqual([-eastE5, eastE5]);
    expect(placed.detections.map(({ latE5 }) => latE5)).toEqual([eastE5, eastE5]);
    const lost = await pack(findingsOf(shore), { ...testInfo, located: false });
    expect(lost.detections).toMatchObject([{ latE5: NOWHERE, lonE5: NOWHERE }]);
    expect(lost.summaries).toMatchObject([{ located: false }]);
  });

  it('PGE-PCK-005: tags packets with the time of the frame, and splits what one packet does not hold', async () => {
    const { packets, detections } = await pack(findingsOf(...Array(100).fill(shore)));
    expect(packets.map(({ count }) => count)).toEqual([1, 66, 34]);
    for (const { time, length } of packets) {
      expect(time).toEqual(testInfo.time);
      expect(length).toBeLessThanOrEqual(1016);
    }
    expect(detections.map(({ tile }) => tile)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('PGE-PCK-006: no record is longer than it may be, and one that is is refused when it is defined', () => {
    for (const type of [FrameSummary, Detection]) expect(type.maxSize).toBeLessThanOrEqual(16);
    const long = struct('Long', { a: U64, b: U64, c: U64, d: U64, e: U64 });
    expect(long.maxSize).toBeGreaterThan(MAX_RECORD_BYTES);
    expect(() => compact(long)).toThrow('Long takes 40..40 bytes');
    expect(() => compact(struct('Loose', { a: bytes(8) }))).toThrow('Loose takes 2..10 bytes');
  });

  it('PGE-PCK-008: summaries of a batch share a packet, and none waits longer than it may', async () => {
    const b = await bench(productPacker);
    b.command('SummaryBatch_PRM_SET', { val: 3 });
    b.command('SummaryMaxAgeS_PRM_SET', { val: 100 });
    await b.settle();
    const frameAt = (seconds: number) => ({ ...testInfo, time: { ...testInfo.time, seconds, useconds: 0 } });
    const summaries = () =>
      b.calls('comOut').map(({ data }) => {
        const packet = readRecordPacket(data as Uint8Array);
        if (!packet.ok) throw new Error(packet.error.text);
        const { records, recordLength, time } = packet.value;
        const after = Array.from({ length: packet.value.count }, (_, i) => {
          const record = decode(FrameSummary, records.slice(i * recordLength, (i + 1) * recordLength));
          return record.ok ? record.value.afterS : undefined;
        });
        return { seconds: time.seconds, after };
      });
    for (const seconds of [10, 30, 50, 60])
      b.in.classified({ info: frameAt(seconds), findings: findingsOf(land) });
    await b.settle();
    expect(summaries()).toEqual([{ seconds: 10, after: [0, 20, 40] }]);
    await b.advance(159e6);
    b.in.schedIn({ context: 0 });
    await b.settle();
    expect(summaries()).toHaveLength(1);
    await b.advance(1e6);
    b.in.schedIn({ context: 0 });
    await b.settle();
    expect(summaries()[1]).toEqual({ seconds: 60, after: [0] });
  });

  it('PGE-PCK-007: survives a frame that is all cloud', async () => {
    const { b, summaries, packets } = await pack(findingsOf(clouded, clouded));
    expect(summaries).toMatchObject([{ cloudPercent: 100, waterPercent: 0, counts: [0, 0, 0, 0] }]);
    expect(packets).toHaveLength(1);
    expect(b.telemetry).toMatchObject({ Faults: 0, Detections: 0 });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { bench } from '../../../fsw/framework/testing';
import { addModularChecksum, type FilePacket, filePacket, readRanges } from '../../../fsw/protocols';
import { fileUplink } from './fileUplink';

const CHUNK = 100;

function content(size: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 0xff);
}

/** All DATA packets of a file. */
function parts(bytes: Uint8Array): FilePacket[] {
  return Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, i) => ({
    type: 'data',
    sequence: i + 1,
    offset: i * CHUNK,
    bytes: bytes.subarray(i * CHUNK, (i + 1) * CHUNK),
  }));
}
const start = (size: number, destination = 'a.bin', source = '/ground/a.bin'): FilePacket => ({
  type: 'start',
  sequence: 0,
  size,
  source,
  destination,
});
const end = (bytes: Uint8Array): FilePacket => ({
  type: 'end',
  sequence: 9,
  checksum: addModularChecksum(0, 0, bytes),
});
const cancel: FilePacket = { type: 'cancel', sequence: 9 };

async function uplinkBench(files: MemoryFiles = memoryFiles(), config = {}) {
  const b = await bench(fileUplink, { board: { files }, config, queueDepth: 64 });
  const raw = async (data: Uint8Array) => {
    b.in.fileIn({ data, context: 0 });
    await b.advance(1e6);
  };
  return {
    ...b,
    files,
    raw,
    async send(...packets: FilePacket[]) {
      for (const packet of packets) {
        const bytes = filePacket(packet);
        if (!bytes.ok) throw new Error(bytes.error.text);
        await raw(bytes.value);
      }
    },
    names: () => b.events.map(({ name }) => name),
    last: () => b.events.at(-1),
  };
}

describe('fileUplink', () => {
  it('PGE-FUP-001: puts a file together, checks it, puts it in its place and announces it', async () => {
    const b = await uplinkBench();
    const bytes = content(1050);
    await b.send(start(1050, 'models/a.bin'), ...parts(bytes), end(bytes));
    expect(b.files.contents()).toEqual({ 'uplink/models/a.bin': bytes });
    expect(b.names()).toEqual(['UploadStarted', 'FileReceived']);
    expect(b.last()?.text).toBe('received uplink/models/a.bin');
    expect(b.calls('fileAnnounce')).toEqual([{ path: 'uplink/models/a.bin' }]);
    expect(b.telemetry).toMatchObject({
      FilesReceived: 1,
      PacketsReceived: 13,
      PacketsRefused: 0,
      BytesMissing: 0,
    });
  });

  it('PGE-FUP-001: takes an empty file, and replaces a file by a newer one', async () => {
    const b = await uplinkBench();
    await b.send(start(0), end(content(0)));
    expect(b.files.contents()).toEqual({ 'uplink/a.bin': content(0) });
    await b.send(start(300), ...parts(content(300, 2)), end(content(300, 2)));
    expect(b.files.contents()).toEqual({ 'uplink/a.bin': content(300, 2) });
  });

  it('PGE-FUP-002: any order, repetition and overlap of DATA gives the same file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...Array(12).keys()]),
        fc.nat(1199),
        fc.nat(300),
        async (order, at, n) => {
          const b = await uplinkBench();
          const bytes = content(1150);
          const all = parts(bytes);
          await b.send(start(1150), ...order.map((i) => all[i]));
          await b.send({ type: 'data', sequence: 1, offset: at, bytes: bytes.subarray(at, at + n) });
          await b.send(...all.toReversed(), end(bytes));
          expect(b.files.contents()).toEqual({ 'uplink/a.bin': bytes });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('PGE-FUP-003: END before all has come names the gaps, and only those need be sent again', async () => {
    const b = await uplinkBench();
    const bytes = content(1050);
    const all = parts(bytes);
    await b.send(start(1050), ...all.filter((_, i) => ![2, 3, 7, 10].includes(i)), end(bytes));
    expect(b.last()?.text).toBe('uplink/a.bin: 350 bytes missing in 3 gaps: 200+200,700+100,1000+50');
    const ranges = readRanges(String(b.last()?.args.ranges));
    await b.send(
      ...ranges.map(({ start: from, end: to }): FilePacket => {
        return { type: 'data', sequence: 0, offset: from, bytes: bytes.subarray(from, to) };
      }),
      end(bytes),
    );
    expect(b.last()?.name).toBe('FileReceived');
    expect(b.files.contents()).toEqual({ 'uplink/a.bin': bytes });
  });

  it('PGE-FUP-003: many gaps take several events, in rising order, and no more than four', async () => {
    const b = await uplinkBench();
    const bytes = content(80_000);
    await b.send(start(80_000), ...parts(bytes).filter((_, i) => i % 2 === 0), end(bytes));
    const told = b.events.filter(({ name }) => name === 'FileIncomplete');
    expect(told.length).toBe(4);
    const ranges = told.flatMap(({ args }) => readRanges(String(args.ranges)));
    expect(ranges).toEqual(ranges.map((_, i) => ({ start: 100 + 200 * i, end: 200 + 200 * i })));
    expect(ranges.length).toBeGreaterThan(200);
    expect(told[0].args).toMatchObject({ missing: 40_000, gaps: 400 });
  });

  it('PGE-FUP-004: a wrong checksum is an event, no file appears, and the upload begins anew', async () => {
    const b = await uplinkBench();
    const bytes = content(250);
    await b.send(start(250), ...parts(bytes), { type: 'end', sequence: 4, checksum: 1 });
    expect(b.last()?.name).toBe('FileChecksumError');
    expect(b.files.contents()).toEqual({});
    await b.send(start(250));
    expect(b.last()?.args).toMatchObject({ missing: 250, gaps: 1, ranges: '0+250' });
  });

  it('PGE-FUP-005: goes on after a reboot with what was on the medium, when START of the same file comes', async () => {
    const files = memoryFiles();
    const bytes = content(1050);
    const all = parts(bytes);
    const before = await uplinkBench(files);
    await before.send(start(1050), ...all.slice(0, 4));
    before.in.schedIn({ context: 0 });
    await before.settle();
    await before.send(all[6]);
    files.reboot();
    const b = await uplinkBench(files);
    await b.send(start(1050));
    // The tick saved four parts; the fifth came after it.
    expect(b.last()?.args).toMatchObject({ missing: 650, ranges: '400+650' });
    await b.send(...all.slice(4), end(bytes));
    expect(files.contents()).toEqual({ 'uplink/a.bin': bytes });
  });

  it('PGE-FUP-005: another source or size under the same name begins anew', async () => {
    const b = await uplinkBench();
    await b.send(start(300), ...parts(content(300)).slice(0, 2));
    await b.send(start(300, 'a.bin', '/other'));
    expect(b.last()?.args).toMatchObject({ missing: 300 });
    await b.send(...parts(content(300)).slice(0, 2), start(301, 'a.bin', '/other'));
    expect(b.last()?.args).toMatchObject({ missing: 301 });
  });

  it('PGE-FUP-005: a record that is damaged is not believed', async () => {
    for (const text of ['', '{', 'null', '{"version":1,"size":300,"ranges":[[0,400]]}', '{"version":9}']) {
      const b = await uplinkBench();
      await b.send(start(300), ...parts(content(300)).slice(0, 2), cancel);
      await b.send(start(300), ...parts(content(300)).slice(0, 2));
      const record = Object.keys(b.files.contents()).find((name) => name.endsWith('.json')) ?? '';
      b.files.truncate(record, 0);
      b.files.write(record, 0, new TextEncoder().encode(text));
      const again = await uplinkBench(b.files);
      await again.send(start(300));
      expect(again.last()?.args).toMatchObject({ missing: 300 });
    }
  });

  it('PGE-FUP-006: wherever the power is cut, no half file appears, and the upload then completes', async () => {
    const bytes = content(450);
    const script = [start(450, 'b/a.bin'), ...parts(bytes), end(bytes)];
    const whole = memoryFiles();
    await (await uplinkBench(whole, { saveBytes: 150 })).send(...script);
    expect(whole.operations).toBeGreaterThan(20);
    for (let cut = 1; cut <= whole.operations; cut++) {
      const files = memoryFiles();
      files.cutAt(cut);
      await (await uplinkBench(files, { saveBytes: 150 })).send(...script);
      files.reboot();
      const left = files.contents()['uplink/b/a.bin'];
      expect(left === undefined || Buffer.compare(left, bytes) === 0).toBe(true);
      const b = await uplinkBench(files, { saveBytes: 150 });
      await b.send(...script);
      expect(b.last()?.name).toBe('FileReceived');
      expect(files.contents()['uplink/b/a.bin']).toEqual(bytes);
    }
  });

  it('PGE-FUP-007: refuses a path that climbs, a folder, a size over the limit, and a file for which there is no room', async () => {
    const b = await uplinkBench(memoryFiles(500), { maxFileBytes: 1000 });
    const codes: unknown[] = [];
    for (const packet of [
      start(10, '../etc/passwd'),
      start(10, ''),
      start(1001),
      start(501),
      start(10, 'x/../../y'),
    ]) {
      await b.send(packet);
      codes.push(b.last()?.args.code);
    }
    expect(codes).toEqual(['FILE_PATH', 'FILE_KIND', 'FILE_TOO_LARGE', 'FILE_DISK_FULL', 'FILE_PATH']);
    expect(b.names().every((name) => name === 'FileOpenError')).toBe(true);
    expect(b.telemetry.PacketsRefused).toBe(5);
    expect(b.files.contents()).toEqual({});
  });

  it('PGE-FUP-007: a store that fills up on the way is an event with its code; what is there stays', async () => {
    const files = memoryFiles();
    const b = await uplinkBench(files);
    const bytes = content(1000);
    await b.send(start(1000), ...parts(bytes).slice(0, 3));
    files.maxBytes = 500;
    await b.send(...parts(bytes).slice(3), end(bytes));
    const errors = b.events.filter(({ name }) => name === 'FileWriteError');
    expect(errors.length).toBe(5);
    expect(errors[0].args.code).toBe('FILE_DISK_FULL');
    expect(b.telemetry.BytesMissing).toBeGreaterThan(0);
    files.maxBytes = 10_000;
    await b.send(start(1000), ...parts(bytes).slice(3), end(bytes));
    expect(files.contents()).toEqual({ 'uplink/a.bin': bytes });
  });

  it('PGE-FUP-008: counts and reports packets that make no sense, and goes on', async () => {
    const b = await uplinkBench();
    const bytes = content(250);
    await b.send(...parts(bytes), end(bytes), cancel);
    expect(b.names()).toEqual(['InvalidReceiveMode', 'InvalidReceiveMode', 'InvalidReceiveMode']);
    await b.raw(Uint8Array.of(0, 3, 7, 0, 0, 0, 0));
    await b.raw(Uint8Array.of(0, 3));
    await b.send(start(250), { type: 'data', sequence: 1, offset: 200, bytes: content(51) });
    expect(b.last()?.name).toBe('PacketOutOfBounds');
    expect(b.telemetry.PacketsRefused).toBe(8);
    await b.send(...parts(bytes), end(bytes));
    expect(b.files.contents()).toEqual({ 'uplink/a.bin': bytes });
    expect(b.telemetry.Faults).toBe(0);
  });

  it('PGE-FUP-008: no bytes on the link bring it down', async () => {
    const b = await uplinkBench();
    await fc.assert(
      fc.asyncProperty(fc.nat(4), fc.uint8Array({ maxLength: 40 }), async (type, rest) => {
        await b.raw(Uint8Array.of(0, 3, type, 0, 0, 0, 0, ...rest));
      }),
      { numRuns: 300 },
    );
    expect(b.telemetry.Faults).toBe(0);
    expect(Object.keys(b.files.contents()).every((name) => name.startsWith('uplink'))).toBe(true);
  });

  it('PGE-FUP-009: START of another file lets the first wait; its own START goes on with it', async () => {
    const b = await uplinkBench();
    const [one, two] = [content(300, 1), content(300, 2)];
    await b.send(start(300, 'one'), ...parts(one).slice(0, 2), start(300, 'two'), ...parts(two), end(two));
    expect(b.names()).toEqual(['UploadStarted', 'UploadSuspended', 'UploadStarted', 'FileReceived']);
    await b.send(start(300, 'one'));
    expect(b.last()?.args).toMatchObject({ missing: 100, ranges: '200+100' });
    await b.send(...parts(one).slice(2), end(one));
    expect(b.files.contents()).toEqual({ 'uplink/one': one, 'uplink/two': two });
  });

  it('PGE-FUP-009: START again, as when the first answer got lost, keeps what is there', async () => {
    const b = await uplinkBench();
    await b.send(start(300), parts(content(300))[1], start(300));
    expect(b.names()).toEqual(['UploadStarted', 'UploadStarted']);
    expect(b.last()?.args).toMatchObject({ missing: 200, ranges: '0+100,200+100' });
  });

  it('PGE-FUP-009: END again, as when the answer got lost, is answered again', async () => {
    const b = await uplinkBench();
    const bytes = content(100);
    await b.send(start(100), ...parts(bytes), end(bytes), end(bytes));
    expect(b.names()).toEqual(['UploadStarted', 'FileReceived', 'FileReceived']);
    expect(b.telemetry.FilesReceived).toBe(1);
  });

  it('PGE-FUP-010: keeps a bounded number of incomplete uploads and of gaps; CANCEL and a command remove them', async () => {
    const b = await uplinkBench(memoryFiles(), { maxUploads: 2, maxGaps: 3 });
    for (const name of ['one', 'two', 'three']) await b.send(start(300, name), parts(content(300))[0]);
    expect(Object.keys(b.files.contents()).length).toBe(4);
    await b.send(start(300, 'two'));
    expect(b.last()?.args).toMatchObject({ missing: 200 });
    await b.send(cancel);
    expect(Object.keys(b.files.contents()).length).toBe(2);
    await b.send(start(2000, 'gaps'), ...parts(content(2000)).filter((_, i) => i % 2 === 1));
    expect(b.telemetry.BytesMissing).toBe(1700);
    b.command('DISCARD_UPLOADS');
    await b.settle();
    expect(b.files.contents()).toEqual({});
    expect(b.responses.at(-1)?.status).toBe('OK');
  });
});

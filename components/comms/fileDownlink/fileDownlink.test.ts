import { describe, expect, it } from 'vitest';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { bench } from '../../../fsw/framework/testing';
import { addModularChecksum, type FilePacket, readFilePacket } from '../../../fsw/protocols';
import { fileDownlink } from './fileDownlink';

function content(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 7) & 0xff);
}

function stored(...entries: [path: string, bytes: Uint8Array][]): MemoryFiles {
  const files = memoryFiles();
  for (const [path, bytes] of entries) files.write(path, 0, bytes);
  return files;
}

async function downlinkBench(files: MemoryFiles, config = {}, backlog: () => number = () => 0) {
  const b = await bench(fileDownlink, { board: { files }, config, answers: { backlog } });
  const tick = async (times = 1) => {
    for (let i = 0; i < times; i++) {
      b.in.schedIn({ context: 0 });
      await b.advance(1e6);
    }
  };
  const packets = (): FilePacket[] =>
    b.calls('comOut').map(({ data }) => {
      const packet = readFilePacket(data as Uint8Array);
      if (!packet.ok) throw new Error(packet.error.text);
      return packet.value;
    });
  const command = async (name: string, args = {}) => {
    b.command(name, args);
    await b.settle();
    return b.responses.at(-1)?.status;
  };
  return { ...b, files, tick, packets, command, names: () => b.events.map(({ name }) => name) };
}
const whole = (sourceFilename: string) => ({ sourceFilename, destFilename: `/ground/${sourceFilename}` });

/** What a ground makes of DATA packets. */
function joined(packets: readonly FilePacket[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const packet of packets) if (packet.type === 'data') bytes.set(packet.bytes, packet.offset);
  return bytes;
}

describe('fileDownlink', () => {
  it('PGE-FDN-001: sends a file as START, DATA and END with its checksum, and says when it is done', async () => {
    const bytes = content(2500);
    const b = await downlinkBench(stored(['a.bin', bytes]), { chunkBytes: 1000 });
    expect(await b.command('SendFile', whole('a.bin'))).toBe('OK');
    await b.tick();
    const packets = b.packets();
    expect(packets.map(({ type, sequence }) => [type, sequence])).toEqual([
      ['start', 0],
      ['data', 1],
      ['data', 2],
      ['data', 3],
      ['end', 4],
    ]);
    expect(packets[0]).toMatchObject({ size: 2500, source: 'a.bin', destination: '/ground/a.bin' });
    expect(joined(packets, 2500)).toEqual(bytes);
    expect(packets[4]).toMatchObject({ checksum: addModularChecksum(0, 0, bytes) });
    expect(b.names()).toEqual(['SendStarted', 'FileSent']);
    expect(b.telemetry).toMatchObject({ FilesSent: 1, PacketsSent: 5, FilesWaiting: 0, BytesLeft: 0 });
  });

  it('PGE-FDN-001: sends an empty file', async () => {
    const b = await downlinkBench(stored(['a.bin', content(0)]));
    await b.command('SendFile', whole('a.bin'));
    await b.tick();
    expect(b.packets().map(({ type }) => type)).toEqual(['start', 'end']);
  });

  it('PGE-FDN-002: sends a part, with the checksum of the whole file', async () => {
    const bytes = content(3_000_001);
    const b = await downlinkBench(stored(['a.bin', bytes]), { chunkBytes: 1000 });
    await b.command('SendPartial', { ...whole('a.bin'), startOffset: 1001, length: 1500 });
    await b.command('SendPartial', { ...whole('a.bin'), startOffset: 3_000_000, length: 0 });
    await b.tick();
    const packets = b.packets();
    expect(
      packets.map((packet) => (packet.type === 'data' ? [packet.offset, packet.bytes.length] : packet.type)),
    ).toEqual(['start', [1001, 1000], [2001, 500], 'end', 'start', [3_000_000, 1], 'end']);
    const checksum = addModularChecksum(0, 0, bytes);
    expect([packets[3], packets[6]]).toMatchObject([{ checksum }, { checksum }]);
    expect(packets[0]).toMatchObject({ size: 3_000_001 });
  });

  it('PGE-FDN-003: hands over no more a tick than the parameter, nor while too much waits for the link', async () => {
    let waiting = 0;
    const b = await downlinkBench(stored(['a.bin', content(20_000)]), { chunkBytes: 1000 }, () => waiting);
    await b.command('BytesPerTick_PRM_SET', { val: 3000 });
    await b.command('MaxBacklogBytes_PRM_SET', { val: 10_000 });
    await b.command('SendFile', whole('a.bin'));
    await b.tick();
    expect(b.packets().length).toBe(4);
    waiting = 9000;
    await b.tick();
    expect(b.packets().length).toBe(5);
    waiting = 10_000;
    await b.tick(10);
    expect(b.packets().length).toBe(5);
    expect(b.telemetry.BytesLeft).toBe(16_000);
    waiting = 0;
    await b.tick(6);
    expect(b.names()).toEqual(['SendStarted', 'FileSent']);
  });

  it('PGE-FDN-004: several files wait for their turn, in order and bounded', async () => {
    const b = await downlinkBench(stored(['a', content(10)], ['b', content(10)]), { maxFiles: 2 });
    const replies = [];
    for (const name of ['a', 'b', 'a']) replies.push(await b.command('SendFile', whole(name)));
    expect(replies).toEqual(['OK', 'OK', 'BUSY']);
    expect(b.in.fileSend[0]({ source: 'a', destination: 'x', offset: 0, length: 0, key: 1 })).toBe('REFUSED');
    await b.tick();
    expect(b.packets().flatMap((packet) => (packet.type === 'start' ? [packet.source] : []))).toEqual([
      'a',
      'b',
    ]);
  });

  it('PGE-FDN-005: Cancel gives up the file under way, tells the ground, and goes on with the next', async () => {
    const b = await downlinkBench(stored(['a', content(5000)], ['b', content(10)]), { chunkBytes: 1000 });
    expect(await b.command('Cancel')).toBe('EXECUTION_ERROR');
    await b.command('BytesPerTick_PRM_SET', { val: 1000 });
    await b.command('SendFile', whole('a'));
    await b.command('SendFile', whole('b'));
    await b.tick();
    expect(await b.command('Cancel')).toBe('OK');
    await b.tick(3);
    expect(b.packets().map(({ type }) => type)).toEqual(['start', 'data', 'cancel', 'start', 'data', 'end']);
    expect(b.names()).toEqual(['SendStarted', 'DownlinkCanceled', 'SendStarted', 'FileSent']);
  });

  it('PGE-FDN-006: a file that is not there, is a folder, climbs or is too short is an event with a code', async () => {
    const files = stored(['a', content(10)]);
    files.makeFolder('sub');
    const b = await downlinkBench(files);
    for (const name of ['none', 'sub', '../a']) await b.command('SendFile', whole(name));
    await b.command('SendPartial', { ...whole('a'), startOffset: 11, length: 0 });
    await b.command('SendPartial', { ...whole('a'), startOffset: 5, length: 6 });
    await b.command('SendFile', whole('a'));
    await b.tick();
    expect(b.events.flatMap(({ args }) => args.code ?? [])).toEqual([
      'FILE_MISSING',
      'FILE_KIND',
      'FILE_PATH',
      'FILE_FAILED',
      'FILE_FAILED',
    ]);
    expect(b.names().at(-1)).toBe('FileSent');
    expect(b.telemetry.Faults).toBe(0);
  });

  it('PGE-FDN-006: a file that shrinks or goes while it is sent is given up, with CANCEL to the ground', async () => {
    const b = await downlinkBench(stored(['a', content(5000)], ['b', content(5000)]), { chunkBytes: 1000 });
    await b.command('BytesPerTick_PRM_SET', { val: 2000 });
    await b.command('SendFile', whole('a'));
    await b.command('SendFile', whole('b'));
    await b.tick();
    b.files.truncate('a', 2500);
    await b.tick(2);
    b.files.remove('b');
    await b.tick(2);
    expect(b.events.flatMap(({ name, args }) => (name === 'FileReadError' ? [args.code] : []))).toEqual([
      'FILE_FAILED',
      'FILE_MISSING',
    ]);
    expect(b.packets().filter(({ type }) => type === 'cancel').length).toBe(2);
  });

  it('PGE-FDN-007: tells who asked, by key, how it ended', async () => {
    const b = await downlinkBench(stored(['a', content(10)]));
    for (const [i, source] of ['a', 'none'].entries())
      expect(b.in.fileSend[i]({ source, destination: 'x', offset: 0, length: 0, key: 7 + i })).toBe('OK');
    await b.tick();
    const answers = b.sent
      .filter(({ end }) => end === 'fileDone')
      .map(({ index, args }) => [index, args.key, args.status]);
    expect(answers).toEqual([
      [0, 7, 'OK'],
      [1, 8, 'FAILED'],
    ]);
  });

  it('PGE-FDN-008: every packet is worth the same power of two a byte on the air, so none overtakes another', async () => {
    const b = await downlinkBench(stored(['a', content(2345)]), { chunkBytes: 1000 });
    await b.command('ValuePerByteLog2_PRM_SET', { val: -3 });
    await b.command('SendFile', whole('a'));
    await b.tick();
    const worth = b
      .calls('comOut')
      .map(({ data, value }) => Number(value) / ((data as Uint8Array).length + 6));
    expect(new Set(worth)).toEqual(new Set([1 / 8]));
  });
});

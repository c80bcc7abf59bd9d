import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileDownlink } from '../../components/comms/fileDownlink/fileDownlink';
import { fileUplink } from '../../components/comms/fileUplink/fileUplink';
import { memoryFiles } from '../../fsw/framework/memoryFiles';
import { type Random, seededRandom } from '../../fsw/framework/random';
import { bench } from '../../fsw/framework/testing';
import { type DownloadEvent, FileDownloads } from '../../ground-tools/files/fileDownload';
import { FileUpload, type UplinkEvent } from '../../ground-tools/files/fileUpload';

const LOSS = 0.3;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-transfer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function content(size: number, random: Random): Uint8Array {
  return Uint8Array.from({ length: size }, () => Math.floor(random.next() * 256));
}

/** A link that loses, doubles and reorders what goes over it. */
function badLink<T>(random: Random, deliver: (item: T) => void) {
  const late: T[] = [];
  return (item: T) => {
    if (random.next() < LOSS) return;
    if (random.next() < 0.1) late.push(item);
    else deliver(item);
    if (random.next() < 0.1) deliver(item);
    if (random.next() < 0.3) for (const one of late.splice(0)) deliver(one);
  };
}

/** Sends a file up over a bad link both ways; the board is told when to lose its power. */
async function upload(size: number, seed: string, rebootsAfter: readonly number[] = []) {
  const random = seededRandom(7, seed);
  const bytes = content(size, random);
  const files = memoryFiles();
  const boot = () => bench(fileUplink, { board: { files }, queueDepth: 4096, config: { saveBytes: 20_000 } });
  let board = await boot();
  const sender = new FileUpload({
    size,
    read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
    source: 'ground.bin',
    destination: 'models/new.bin',
  });
  const up = badLink<Uint8Array>(random, (data) => board.in.fileIn({ data, context: 0 }));
  const down = badLink<UplinkEvent>(random, (event) => sender.hear(event));
  let told = 0;
  let packets = 0;
  for (let turn = 0; turn < 3000 && sender.status.kind === 'under-way'; turn++) {
    for (let i = 0; i < 20; i++) {
      const packet = sender.next();
      if (packet === undefined) break;
      if (!packet.ok) throw new Error(packet.error.text);
      packets++;
      up(packet.value);
    }
    if (rebootsAfter.includes(turn)) {
      files.reboot();
      board = await boot();
      told = 0;
    }
    board.in.schedIn({ context: 0 });
    await board.advance(1e6);
    for (const event of board.events.slice(told)) down(event);
    told = board.events.length;
    // Ten seconds of silence, by the ground's clock.
    if (turn % 10 === 9) sender.again();
  }
  return { sender, files, bytes, packets };
}

describe('a file over a link that loses 30 % both ways, doubles and reorders', () => {
  it.each([0, 1, 5000, 300_001])('goes up whole: %i bytes', async (size) => {
    const { sender, files, bytes } = await upload(size, `up${size}`);
    expect(sender.status).toEqual({ kind: 'received', path: 'uplink/models/new.bin' });
    expect(Buffer.compare(files.contents()['uplink/models/new.bin'], bytes)).toBe(0);
    expect(Object.keys(files.contents()).length).toBe(1);
  });

  it('goes up with no more sent than what got lost, doubles apart', async () => {
    const size = 300_000;
    const { sender } = await upload(size, 'economy');
    // Each byte is sent 1/(1 − LOSS) times on average; an answer that was lost costs a part of a round more.
    expect(sender.sentBytes).toBeLessThan((1.25 * size) / (1 - LOSS));
  });

  it('goes up through five power cuts of the board, and is not begun anew', async () => {
    const size = 300_000;
    const { sender, files, bytes } = await upload(size, 'cuts', [5, 9, 14, 20, 30]);
    expect(sender.status.kind).toBe('received');
    expect(Buffer.compare(files.contents()['uplink/models/new.bin'], bytes)).toBe(0);
    expect(sender.sentBytes).toBeLessThan(2.5 * size);
  });

  it('comes down whole, the gaps asked for with SendPartial', async () => {
    const random = seededRandom(7, 'down');
    const files = memoryFiles();
    const bytes = content(200_001, random);
    files.write('products.bin', 0, bytes);
    const board = await bench(fileDownlink, {
      board: { files },
      queueDepth: 64,
      answers: { backlog: () => 0 },
    });
    const ground = new FileDownloads(folder);
    const events: DownloadEvent[] = [];
    const down = badLink<Uint8Array>(random, (packet) => {
      const taken = ground.take(packet);
      if (taken.ok && taken.value) events.push(taken.value);
    });
    const paths = { sourceFilename: 'products.bin', destFilename: '/down/products.bin' };
    board.command('SendFile', paths);
    let sent = 0;
    for (let turn = 0; turn < 3000 && !events.some(({ kind }) => kind === 'complete'); turn++) {
      board.in.schedIn({ context: 0 });
      await board.advance(1e6);
      for (const { data } of board.calls('comOut').slice(sent)) down(data as Uint8Array);
      sent = board.calls('comOut').length;
      // The operator waits until nothing comes any more, then asks for what is missing: a few gaps at a time.
      if (board.telemetry.FilesWaiting !== 0) continue;
      const missing = ground.incomplete[0]?.missing ?? [{ start: 0, end: bytes.length }];
      for (const { start, end } of missing.slice(0, 12))
        board.command('SendPartial', { ...paths, startOffset: start, length: end - start });
      if (missing.length === 0) board.command('SendPartial', { ...paths, startOffset: 200_000, length: 1 });
    }
    expect(readdirSync(folder)).toEqual(['down_products.bin']);
    expect(Buffer.compare(readFileSync(join(folder, 'down_products.bin')), bytes)).toBe(0);
  });
});

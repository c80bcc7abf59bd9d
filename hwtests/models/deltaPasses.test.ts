import { describe, expect, it } from 'vitest';
import { fileUplink } from '../../components/comms/fileUplink/fileUplink';
import { bootStore, deltaOf, missionFolder } from '../../components/payload/modelStore/testStore';
import { memoryFiles } from '../../fsw/framework/memoryFiles';
import { bench } from '../../fsw/framework/testing';
import { testModel } from '../../fsw/models/testModel';
import { FileUpload } from '../../ground-tools/files/fileUpload';

/** A pass lets so many packets through; then the link is gone, and with it what the ground's program knew. */
const PACKETS_PER_PASS = 20;

const one = testModel(1, { floats: 40_000 });
const learned = testModel(2, { floats: 40_000 });
const two = { ...learned, graph: one.graph, manifest: { ...learned.manifest, graph: one.manifest.graph } };

describe('a delta that one pass is too short for', () => {
  it.each([
    ['the spacecraft flies on', false],
    ['the spacecraft loses its power between the passes', true],
  ])('goes on at the next where it was, and is installed; %s', async (_, cuts) => {
    const bytes = deltaOf(one, two);
    const files = memoryFiles();
    const boot = () => bench(fileUplink, { board: { files }, queueDepth: 64 });
    let board = await boot();
    const sent: number[] = [];
    for (let pass = 1; ; pass++) {
      const upload = new FileUpload({
        size: bytes.length,
        read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
        source: 'up.delta',
        destination: 'up.delta',
      });
      let told = board.events.length;
      for (let packets = 0; packets < PACKETS_PER_PASS && upload.status.kind === 'under-way'; packets++) {
        const packet = upload.next();
        if (packet?.ok) board.in.fileIn({ data: packet.value, context: 0 });
        board.in.schedIn({ context: 0 });
        await board.advance(1e6);
        for (const event of board.events.slice(told)) upload.hear(event);
        told = board.events.length;
      }
      sent.push(upload.sentBytes);
      if (upload.status.kind !== 'under-way') break;
      expect(pass).toBeLessThan(20);
      if (!cuts) continue;
      files.reboot();
      board = await boot();
    }
    expect(sent.length).toBeGreaterThan(5);
    // Not a byte went up twice.
    expect(sent.reduce((sum, count) => sum + count)).toBe(bytes.length);
    const mission = missionFolder(one);
    const store = await bootStore(mission.folder, files);
    mission.remove();
    expect(await store.obey('INSTALL', { path: 'uplink/up.delta' })).toBe('OK');
    expect(await store.obey('PROMOTE', { model: 'mean' })).toBe('OK');
    expect(Buffer.from(store.fetch()?.weights ?? [])).toEqual(Buffer.from(two.weights));
  });
});

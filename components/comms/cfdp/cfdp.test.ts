import { describe, expect, it } from 'vitest';
import { CfdpEntity } from '../../../fsw/cfdp';
import type { Ephemeris } from '../../../fsw/framework';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { type BenchOptions, bench } from '../../../fsw/framework/testing';
import { cfdp } from './cfdp';

const SECOND = 1e6;

/** The component, and a ground that runs the same engine; each step is a second. */
async function cfdpBench(config: BenchOptions['config'] = {}, onBoard = memoryFiles()) {
  const sky = { inContact: true };
  const ephemeris: Ephemeris = {
    groundPoint: () => ({ latDeg: 0, lonDeg: 0, sunElevationDeg: 0 }),
    contactAt: () =>
      sky.inContact ? { station: 's', startUs: 0, endUs: Number.POSITIVE_INFINITY } : undefined,
  };
  const b = await bench(cfdp, { config, board: { files: onBoard, ephemeris }, queueDepth: 64 });
  const files = memoryFiles();
  const toBoard: Uint8Array[] = [];
  const opened = CfdpEntity.open(
    { id: 11, remotes: [{ id: 2 }], files, send: (pdu) => toBoard.push(pdu), indicate: () => undefined },
    0,
  );
  if (!opened.ok) throw new Error(opened.error.text);
  const ground = opened.value;
  let heard = 0;
  const step = async () => {
    await b.advance(SECOND);
    b.in.schedIn({ context: 0 });
    await b.settle();
    const pdus = b.calls('pduOut');
    for (; heard < pdus.length; heard++) ground.receive(pdus[heard].data as Uint8Array, b.clock.nowUs());
    ground.tick(b.clock.nowUs(), 10_000);
    for (const data of toBoard.splice(0)) b.in.pduIn({ data, context: 0 });
    await b.settle();
  };
  const steps = async (count: number) => {
    for (let i = 0; i < count; i++) await step();
  };
  const named = (name: string) => b.events.filter((event) => event.name === name).map(({ text }) => text);
  const give = (to: typeof files, path: string, length: number) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    to.write(path, 0, bytes);
    to.sync(path);
    return bytes;
  };
  return { ...b, sky, onBoard, files, ground, steps, named, give };
}
const sendFile = (acknowledged = true) => ({
  sourceFilename: 'data.bin',
  destFilename: 'in/data.bin',
  entity: 11,
  acknowledged,
});

describe('cfdp', () => {
  it('PGE-CFDP-001: takes a file from the ground, puts it in place and announces it', async () => {
    const b = await cfdpBench();
    const bytes = b.give(b.files, 'model', 5000);
    b.ground.put({ destination: 2, sourceName: 'model', destinationName: 'models/new' });
    await b.steps(10);
    expect(b.onBoard.contents()['models/new']).toEqual(bytes);
    expect(b.named('TransferStarted')).toEqual(['transaction 11-1: models/new, 5000 bytes']);
    expect(b.named('TransferFinished')).toEqual(['transaction 11-1: models/new is over, complete']);
    expect(b.calls('fileAnnounce')).toEqual([{ path: 'models/new' }]);
    expect(b.telemetry).toMatchObject({ Completed: 1, Failed: 0, Active: 0, PdusRefused: 0 });
  });

  it.each([true, false])(
    'PGE-CFDP-002: sends a file by command (acknowledged: %s), in packets of APID 10',
    async (acknowledged) => {
      const b = await cfdpBench();
      const bytes = b.give(b.onBoard, 'data.bin', 5000);
      b.command('SEND_FILE', sendFile(acknowledged));
      await b.steps(10);
      expect(b.responses).toMatchObject([{ command: 'SEND_FILE', status: 'OK' }]);
      expect(b.files.contents()['in/data.bin']).toEqual(bytes);
      expect(new Set(b.calls('pduOut').map(({ apid }) => apid))).toEqual(new Set([10]));
      expect(b.calls('flush').length).toBeGreaterThan(0);
    },
  );

  it('PGE-CFDP-003: sends no more in a tick than the parameter says, overdrafts paid by the next', async () => {
    const b = await cfdpBench();
    b.give(b.onBoard, 'data.bin', 100_000);
    b.command('SEND_FILE', sendFile());
    await b.steps(5);
    const air = b.calls('pduOut').reduce((sum, { data }) => sum + (data as Uint8Array).length + 6, 0);
    expect(air).toBeGreaterThan(4 * 10_000);
    expect(air).toBeLessThan(5 * 10_000 + 1000);
  });

  it('PGE-CFDP-004: is silent out of contact, and goes on in the next', async () => {
    const b = await cfdpBench();
    const bytes = b.give(b.onBoard, 'data.bin', 50_000);
    b.command('SEND_FILE', sendFile());
    await b.steps(2);
    b.sky.inContact = false;
    const sent = b.calls('pduOut').length;
    await b.steps(5);
    expect(b.calls('pduOut').length).toBe(sent);
    b.sky.inContact = true;
    await b.steps(10);
    expect(b.files.contents()['in/data.bin']).toEqual(bytes);
  });

  it('PGE-CFDP-005: goes on after a reboot where it was', async () => {
    const before = await cfdpBench();
    const bytes = before.give(before.onBoard, 'data.bin', 50_000);
    before.command('SEND_FILE', sendFile());
    await before.steps(1);
    await before.stop();
    const after = await cfdpBench({}, before.onBoard);
    await after.steps(30);
    expect(after.files.contents()['in/data.bin']).toEqual(bytes);
  });

  it('PGE-CFDP-006: refuses garbage, paths that climb and files that are not there; reports ten, counts all', async () => {
    const b = await cfdpBench();
    for (let i = 0; i < 25; i++) b.in.pduIn({ data: Uint8Array.of(i), context: 0 });
    await b.steps(1);
    expect([b.named('Refused').length, b.telemetry.PdusRefused]).toEqual([10, 25]);
    b.give(b.files, 'f', 10);
    b.ground.put({ destination: 2, sourceName: 'f', destinationName: '../../boot' });
    b.command('SEND_FILE', { ...sendFile(), sourceFilename: 'nothing' });
    b.command('SEND_FILE', { ...sendFile(), sourceFilename: '../secret' });
    b.command('SUSPEND_TRANSACTION', { source: 2, sequence: 99 });
    await b.steps(5);
    expect(b.responses.map(({ status, reason }) => [status, reason])).toEqual([
      ['EXECUTION_ERROR', 'nothing does not exist'],
      ['EXECUTION_ERROR', '"../secret" is no path of a file here: it climbs'],
      ['EXECUTION_ERROR', 'CFDP: there is no transaction 2-99'],
    ]);
    expect(b.named('TransferFailed')).toEqual(['transaction 11-1:  ended: FILESTORE_REJECTION']);
  });

  it('PGE-CFDP-007: an operator suspends, resumes and gives up a transaction', async () => {
    const b = await cfdpBench();
    b.give(b.onBoard, 'data.bin', 100_000);
    b.command('SEND_FILE', sendFile());
    const id = { source: 2, sequence: 1 };
    await b.steps(1);
    b.command('SUSPEND_TRANSACTION', id);
    await b.steps(1);
    const sent = b.calls('pduOut').length;
    await b.steps(3);
    expect(b.calls('pduOut').length).toBe(sent);
    b.command('RESUME_TRANSACTION', id);
    await b.steps(2);
    expect(b.calls('pduOut').length).toBeGreaterThan(sent);
    b.command('CANCEL_TRANSACTION', id);
    await b.steps(5);
    expect([b.named('TransferFailed'), b.telemetry.Active]).toEqual([
      ['transaction 2-1: data.bin ended: CANCEL_REQUESTED'],
      0,
    ]);
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'OK', 'OK', 'OK']);
  });

  it('PGE-CFDP-008: takes requests of other components and tells each how its file ended', async () => {
    const b = await cfdpBench();
    b.give(b.onBoard, 'data.bin', 500);
    const ask = { source: 'data.bin', destination: 'd', offset: 0, length: 0, key: 7 };
    expect(b.in.fileSend[1](ask)).toBe('OK');
    expect(b.in.fileSend[0]({ ...ask, source: 'none' })).toBe('REFUSED');
    expect(b.in.fileSend[0]({ ...ask, offset: 10 })).toBe('REFUSED');
    await b.steps(5);
    expect(b.sent.filter(({ end }) => end === 'fileDone')).toMatchObject([
      { index: 1, args: { key: 7, status: 'OK' } },
    ]);
  });
});

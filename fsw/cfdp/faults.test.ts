import { describe, expect, it } from 'vitest';
import {
  Condition,
  decodePdu,
  encodePdu,
  FileStatus,
  FilestoreAction,
  type PduBody,
  type PduHeader,
} from '../protocols/cfdp';
import { type Node, Rig, randomBytes } from './testRig';

const header: PduHeader = {
  towardSender: false,
  acknowledged: true,
  crc: false,
  largeFile: false,
  source: 1,
  sequence: 77,
  destination: 2,
  entityIdLength: 1,
  sequenceLength: 4,
};

function pduOf(body: PduBody, change: Partial<PduHeader> = {}): Uint8Array {
  const encoded = encodePdu({ header: { ...header, ...change }, body });
  if (!encoded.ok) throw new Error(encoded.error.text);
  return encoded.value;
}

const metadata = (destinationName: string, fileSize = 10): PduBody => ({
  kind: 'metadata',
  closureRequested: false,
  checksumType: 0,
  fileSize,
  sourceName: 's',
  destinationName,
  options: [],
});
const names = (node: Node) => Object.keys(node.files.contents()).sort();
const refusals = (node: Node) => node.of('refused').map(({ error }) => error.code);

describe('bad input is refused and disturbs nothing', () => {
  it.each(['../out', 'a/../../out', '/..', '', '.cfdp/sequence', '.CFDP/x', '..'])(
    'a path that is not to be had: %j',
    (path) => {
      const rig = new Rig();
      rig.a.give('f', randomBytes(500, 1));
      const put = rig.a.entity.put({ destination: 2, sourceName: 'f', destinationName: path });
      expect(put.ok).toBe(true);
      expect(rig.run(60e6)).toBe(true);
      const left = names(rig.b);
      expect(left).toEqual(['.cfdp/history']);
      // An empty name means that no file is sent.
      if (path === '') return;
      expect(rig.a.of('finished')[0].outcome).toMatchObject({
        condition: Condition.FILESTORE_REJECTION,
        fileStatus: FileStatus.REJECTED,
        complete: false,
      });
      expect(refusals(rig.b)[0]).toMatch(/FILE_PATH|CFDP_PATH/);
    },
  );

  it('data beyond the end of the file, and segments asked for that it does not have', () => {
    const rig = new Rig();
    rig.b.entity.receive(pduOf(metadata('f')), 0);
    rig.b.entity.receive(pduOf({ kind: 'file-data', offset: 8, data: randomBytes(3, 1) }), 0);
    rig.b.entity.receive(pduOf({ kind: 'file-data', offset: 2 ** 32 - 1, data: randomBytes(3, 1) }), 0);
    expect(refusals(rig.b)).toEqual(['CFDP_RANGE', 'CFDP_RANGE']);
    rig.a.give('f', randomBytes(10, 1));
    const id = rig.a.put({ sourceName: 'f' });
    const nak = (start: number, end: number) =>
      pduOf(
        { kind: 'nak', scope: { start: 0, end: 10 }, missing: [{ start, end }] },
        { ...id, towardSender: true },
      );
    for (const [start, end] of [
      [5, 5],
      [7, 3],
      [0, 11],
    ])
      rig.a.entity.receive(nak(start, end), 0);
    expect(refusals(rig.a)).toEqual(['CFDP_RANGE', 'CFDP_RANGE', 'CFDP_RANGE']);
  });

  it('PDUs of entities that are not known, not for us, in the wrong role or mode, and garbage', () => {
    const rig = new Rig();
    rig.b.entity.receive(pduOf(metadata('f'), { source: 9 }), 0);
    rig.b.entity.receive(pduOf(metadata('f'), { destination: 9 }), 0);
    rig.b.entity.receive(Uint8Array.of(1, 2, 3), 0);
    rig.b.entity.receive(pduOf(metadata('f')).subarray(0, 15), 0);
    expect(refusals(rig.b)).toEqual(['CFDP_ENTITY', 'CFDP_ENTITY', 'CFDP_TRUNCATED', 'CFDP_LENGTH']);
    expect(rig.b.entity.transactions()).toEqual([]);
    rig.b.entity.receive(pduOf(metadata('f')), 0);
    rig.b.entity.receive(pduOf(metadata('f'), { acknowledged: false }), 0);
    rig.b.entity.receive(pduOf({ kind: 'keep-alive', progress: 1 }), 0);
    expect(refusals(rig.b).slice(4)).toEqual(['CFDP_ROLE', 'CFDP_ROLE']);
    expect(rig.b.entity.transactions().length).toBe(1);
  });

  it('a flood of new transactions: as many as fit, the rest is counted', () => {
    const rig = new Rig({ b: { maxDestinations: 4 } });
    for (let sequence = 0; sequence < 50; sequence++)
      rig.b.entity.receive(pduOf(metadata('f'), { sequence }), 0);
    expect([rig.b.entity.transactions().length, rig.b.entity.counts.busy]).toEqual([4, 46]);
  });

  it('a storm of NAKs: the file goes out again once at most, within the budget', () => {
    const rig = new Rig();
    rig.a.give('f', randomBytes(10_000, 1));
    const id = rig.a.put({ sourceName: 'f' });
    rig.a.entity.tick(1, 1e6);
    const before = rig.a.entity.counts.sentBytes;
    const missing = Array.from({ length: 24 }, (_, i) => ({ start: i * 100, end: 10_000 - i * 100 }));
    const nak = pduOf(
      { kind: 'nak', scope: { start: 0, end: 10_000 }, missing },
      { ...id, towardSender: true },
    );
    for (let i = 0; i < 1000; i++) rig.a.entity.receive(nak, 2);
    expect(rig.a.entity.tick(3, 2000)).toBeLessThan(2300);
    rig.a.entity.tick(4, 1e6);
    expect(rig.a.entity.counts.sentBytes - before).toBeLessThan(12_000);
  });
});

describe('faults', () => {
  it('a disk that is full: the peer is told, nothing is left', () => {
    const rig = new Rig();
    rig.a.give('f', randomBytes(50_000, 1));
    rig.b.files.maxBytes = 20_000;
    rig.a.put({ sourceName: 'f' });
    expect(rig.run(100e6)).toBe(true);
    expect(rig.a.of('finished')[0].outcome).toMatchObject({ condition: Condition.FILESTORE_REJECTION });
    expect(names(rig.b)).toEqual(['.cfdp/history']);
  });

  it('a checksum that is wrong: nothing is put in place', () => {
    const rig = new Rig();
    const give = (body: PduBody) => rig.b.entity.receive(pduOf(body), 0);
    give(metadata('f', 4));
    give({ kind: 'file-data', offset: 0, data: Uint8Array.of(1, 2, 3, 4) });
    give({ kind: 'eof', condition: 0, checksum: 1, fileSize: 4 });
    rig.b.entity.tick(1, 1e6);
    expect(rig.b.of('finished')[0].outcome).toMatchObject({ condition: Condition.FILE_CHECKSUM_FAILURE });
    expect(rig.b.file('f')).toBeUndefined();
    const kinds = rig.b.sent.map((pdu) => decodePdu(pdu)).map((pdu) => pdu.ok && pdu.value.body);
    expect(kinds).toMatchObject([
      { kind: 'ack', of: 'eof' },
      { kind: 'finished', condition: Condition.FILE_CHECKSUM_FAILURE, faultLocation: 2 },
    ]);
  });

  it('an EOF of another size than the metadata', () => {
    const rig = new Rig();
    rig.b.entity.receive(pduOf(metadata('f', 4)), 0);
    rig.b.entity.receive(pduOf({ kind: 'eof', condition: 0, checksum: 0, fileSize: 5 }), 0);
    expect(rig.b.of('finished')[0].outcome.condition).toBe(Condition.FILE_SIZE_ERROR);
  });

  it('a peer that is gone: suspended after the limit, and on again in the next contact', () => {
    const rig = new Rig({ remote: { ackTimeoutUs: 1e6, ackLimit: 3 } });
    rig.a.give('f', randomBytes(100, 1));
    const id = rig.a.put({ sourceName: 'f' });
    for (let s = 1; s <= 10; s++) rig.a.entity.tick(s * 1e6, 1e6);
    expect(rig.a.of('suspended')).toEqual([
      { kind: 'suspended', id, condition: Condition.POSITIVE_ACK_LIMIT },
    ]);
    rig.a.sent.length = 0;
    rig.a.entity.tick(20e6, 1e6);
    expect(rig.a.sent).toEqual([]);
    rig.nowUs = 20e6;
    rig.a.entity.contact(false, rig.nowUs);
    rig.a.entity.contact(true, rig.nowUs);
    expect(rig.run(100e6)).toBe(true);
    expect(rig.b.file('f')).toEqual(randomBytes(100, 1));
  });

  it('the sender gives up: the receiver drops what it has', () => {
    const rig = new Rig({ budgetBytes: 500 });
    rig.a.give('f', randomBytes(50_000, 1));
    const id = rig.a.put({ sourceName: 'f' });
    rig.run(2e6);
    expect(rig.a.entity.cancel(id).ok).toBe(true);
    expect(rig.run(60e6)).toBe(true);
    for (const node of [rig.a, rig.b])
      expect(node.of('finished')[0].outcome.condition).toBe(Condition.CANCEL_REQUESTED);
    expect(names(rig.b)).toEqual(['.cfdp/history']);
  });

  it('the receiver gives up: the sender is told', () => {
    const rig = new Rig({ budgetBytes: 500 });
    rig.a.give('f', randomBytes(50_000, 1));
    const id = rig.a.put({ sourceName: 'f' });
    rig.run(2e6);
    expect(rig.b.entity.cancel(id).ok).toBe(true);
    expect(rig.run(60e6)).toBe(true);
    expect(rig.a.of('finished')[0].outcome).toMatchObject({
      condition: Condition.CANCEL_REQUESTED,
      complete: false,
    });
  });
});

describe('loss of signal, suspension, reboot', () => {
  it('no timer runs and nothing is sent out of contact, for days; then it goes on', () => {
    const rig = new Rig({ budgetBytes: 1000 });
    rig.a.give('f', randomBytes(30_000, 1));
    rig.a.put({ sourceName: 'f' });
    rig.run(1e6);
    for (const { entity } of [rig.a, rig.b]) entity.contact(false, rig.nowUs);
    const sent = rig.a.entity.counts.sent;
    rig.nowUs += 3 * 86_400e6;
    rig.a.entity.tick(rig.nowUs, 1e6);
    rig.b.entity.tick(rig.nowUs, 1e6);
    expect(rig.a.entity.counts.sent).toBe(sent);
    for (const { entity } of [rig.a, rig.b]) entity.contact(true, rig.nowUs);
    expect(rig.run(60e6)).toBe(true);
    expect(rig.b.file('f')).toEqual(randomBytes(30_000, 1));
    expect(rig.a.of('suspended')).toEqual([]);
  });

  it('a transaction suspended by command stays so over a reboot, until it is resumed', () => {
    const rig = new Rig({ budgetBytes: 1000 });
    rig.a.give('f', randomBytes(30_000, 1));
    const id = rig.a.put({ sourceName: 'f' });
    rig.run(1e6);
    rig.a.entity.suspend(id);
    rig.a.boot(rig.nowUs);
    const { sent } = rig.a.entity.counts;
    rig.run(20e6);
    expect(rig.a.entity.counts.sent).toBe(sent);
    expect(rig.a.entity.transactions()).toMatchObject([{ suspended: true }]);
    rig.a.entity.resume(id);
    expect(rig.run(60e6)).toBe(true);
    expect(rig.b.file('f')).toEqual(randomBytes(30_000, 1));
  });

  it('ids are never used twice, also not after a reboot', () => {
    const rig = new Rig();
    rig.a.give('f', randomBytes(1, 1));
    const ids: number[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push(rig.a.put({ sourceName: 'f' }).sequence);
      rig.a.boot(rig.nowUs);
    }
    expect(new Set(ids).size).toBe(5);
  });

  it('a damaged journal is put aside with an indication; the rest goes on', () => {
    const rig = new Rig({ budgetBytes: 1000 });
    rig.a.give('f', randomBytes(3000, 1));
    rig.a.give('g', randomBytes(3000, 2));
    const id = rig.a.put({ sourceName: 'f' });
    rig.a.put({ sourceName: 'g' });
    rig.a.files.write(`.cfdp/t-1-${id.sequence}`, 20, Uint8Array.of(0xff));
    rig.a.boot(rig.nowUs);
    expect(refusals(rig.a)).toEqual(['CFDP_JOURNAL']);
    rig.run(60e6);
    expect(rig.b.file('g')).toEqual(randomBytes(3000, 2));
  });

  // A power cut at each writing operation of either side, in turn, while one file goes over.
  it.each(['a', 'b'] as const)('power cuts of %s at every operation: the file arrives', (name) => {
    const file = randomBytes(3000, 3);
    for (let at = 1; at < 400; at++) {
      // What has no power sends nothing.
      const send = (pdu: Uint8Array) => cut() || rig[name].sent.push(pdu);
      const [a, b] = ['a', 'b'].map((side) => ({ checkpointBytes: 500, ...(side === name && { send }) }));
      let before = Number.POSITIVE_INFINITY;
      const cut = () => rig[name].files.operations >= before + at && !rebooted;
      let rebooted = false;
      const rig: Rig = new Rig({ a, b, remote: { ackTimeoutUs: 1e6, nakTimeoutUs: 1e6 } });
      rig.a.give('f', file);
      const id = rig.a.put({ sourceName: 'f' });
      before = rig[name].files.operations;
      rig[name].files.cutAt(at);
      rig.run(20e6, () => cut() || rig.idle());
      if (!cut()) return;
      rig[name].files.reboot();
      rebooted = true;
      rig[name].sent.length = 0;
      rig[name].boot(rig.nowUs);
      expect([at, rig.run(200e6)]).toEqual([at, true]);
      expect([at, rig.b.file('f')]).toEqual([at, file]);
      expect([at, id.sequence, names(rig.b)]).toEqual([at, id.sequence, ['.cfdp/history', 'f']]);
    }
    throw new Error('the file never got over without a cut');
  });
});

describe('filestore requests', () => {
  it('are carried out in order, confined, and none after one that fails', () => {
    const rig = new Rig();
    rig.b.give('old', randomBytes(5, 1));
    rig.b.give('more', randomBytes(7, 2));
    const requests = [
      { action: FilestoreAction.RENAME_FILE, first: 'old', second: 'new' },
      { action: FilestoreAction.APPEND_FILE, first: 'new', second: 'more' },
      { action: FilestoreAction.DENY_FILE, first: 'none' },
      { action: FilestoreAction.DELETE_FILE, first: '../etc/passwd' },
      { action: FilestoreAction.DELETE_FILE, first: 'more' },
    ];
    rig.a.put({ requests, messages: [Uint8Array.of(1, 2)] });
    expect(rig.run(60e6)).toBe(true);
    expect(rig.b.of('metadata-received')[0].messages).toEqual([Uint8Array.of(1, 2)]);
    expect(rig.a.of('finished')[0].outcome.responses.map(({ status }) => status)).toEqual([0, 0, 0, 1, 15]);
    expect(rig.b.file('new')?.length).toBe(12);
    expect(rig.b.file('more')?.length).toBe(7);
  });
});

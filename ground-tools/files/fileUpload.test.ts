import { describe, expect, it } from 'vitest';
import { addModularChecksum, type FilePacket, readFilePacket } from '../../fsw/protocols';
import { FileUpload } from './fileUpload';

const bytes = Uint8Array.from({ length: 10 }, (_, i) => i * 7);
const path = 'uplink/a.bin';

function uploadOf(options = {}) {
  const upload = new FileUpload({
    size: 10,
    read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
    source: 's',
    destination: 'a.bin',
    chunkBytes: 4,
    ...options,
  });
  /** All packets until the spacecraft has the word. */
  const sent = () => {
    const packets: FilePacket[] = [];
    for (let next = upload.next(); next?.ok; next = upload.next()) {
      const packet = readFilePacket(next.value);
      if (packet.ok) packets.push(packet.value);
    }
    return packets.map((one) => (one.type === 'data' ? [one.offset, one.bytes.length] : one.type));
  };
  return { upload, sent, hear: (name: string, args = {}) => upload.hear({ name, args: { path, ...args } }) };
}

describe('FileUpload', () => {
  it('sends START, what the spacecraft misses, END, and is done when the file was received', () => {
    const { upload, sent, hear } = uploadOf();
    expect(sent()).toEqual(['start']);
    expect(sent()).toEqual([]);
    hear('UploadStarted', { ranges: '0+10' });
    expect(sent()).toEqual([[0, 4], [4, 4], [8, 2], 'end']);
    hear('FileReceived');
    expect(upload.status).toEqual({ kind: 'received', path });
    expect([sent(), upload.sentBytes]).toEqual([[], 10]);
  });

  it('goes on where an earlier upload was, and sends again what got lost, and nothing else', () => {
    const { sent, hear } = uploadOf();
    sent();
    hear('UploadStarted', { ranges: '4+2,9+1' });
    expect(sent()).toEqual([[4, 2], [9, 1], 'end']);
    hear('FileIncomplete', { ranges: '9+1' });
    expect(sent()).toEqual([[9, 1], 'end']);
  });

  it('repeats what was not answered, and begins again when the spacecraft does not know of the file', () => {
    const { upload, sent, hear } = uploadOf();
    sent();
    upload.again();
    expect(sent()).toEqual(['start']);
    hear('UploadStarted', { ranges: '' });
    expect(sent()).toEqual(['end']);
    upload.again();
    expect(sent()).toEqual(['end']);
    hear('InvalidReceiveMode', { path: undefined });
    expect(sent()).toEqual(['start']);
  });

  it('END carries the checksum of the whole file', () => {
    const { upload, sent, hear } = uploadOf({ chunkBytes: 100 });
    sent();
    hear('UploadStarted', { ranges: '' });
    const end = upload.next();
    expect(end?.ok && readFilePacket(end.value)).toMatchObject({
      value: { type: 'end', checksum: addModularChecksum(0, 0, bytes) },
    });
  });

  it('tries a file that is wrong on board three times, then says so', () => {
    const { upload, sent, hear } = uploadOf();
    for (let i = 0; i < 3; i++) {
      expect(sent()).toEqual(['start']);
      hear('FileChecksumError');
    }
    expect(upload.status).toEqual({ kind: 'failed', reason: 'wrong on board 3 times' });
  });

  it.each([
    ['FileOpenError', 'FILE_PATH: it climbs'],
    ['FileWriteError', 'FILE_PATH: it climbs'],
    ['UplinkCanceled', 'UplinkCanceled: another station has the uplink'],
  ])('says why it failed on %s, and hears nothing of other files', (name, reason) => {
    const { upload, sent, hear } = uploadOf();
    sent();
    hear(name, { path: 'uplink/b.bin' });
    expect(upload.status).toEqual({ kind: 'under-way' });
    hear(name, { code: 'FILE_PATH', reason: 'it climbs' });
    expect(upload.status).toEqual({ kind: 'failed', reason });
    expect(sent()).toEqual([]);
  });

  it('a destination that the protocol cannot carry fails at once', () => {
    const { upload } = uploadOf({ destination: 'x'.repeat(300) });
    expect(upload.next()).toMatchObject({ ok: false, error: { code: 'FPRIME_FILE' } });
    expect(upload.status.kind).toBe('failed');
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TmDeframer, TmFramer, writeSpacePacketHeader, writeTcFrame } from '../../fsw/protocols';
import { association, openTcFrame, readIv, sealTmFrame, spiOf } from '../../fsw/protocols/sdls';
import { makeKeys, raiseGroundCounter } from '../keys/keys';
import { GroundSecurity, type GroundSecurityOptions } from './security';

function keys(): string {
  const dir = mkdtempSync(join(tmpdir(), 'perigee-ground-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const made = makeKeys(dir);
  if (!made.ok) throw new Error(made.error.text);
  return made.value.ground;
}

function opened(folder: string, options?: GroundSecurityOptions): GroundSecurity {
  const ground = GroundSecurity.open(folder, options);
  if (!ground.ok) throw new Error(ground.error.text);
  return ground.value;
}

const codeOf = (result: { ok: boolean; error?: { code: string } }) => (result.ok ? 'ok' : result.error?.code);

function spacecraftKey(folder: string, direction: 'tc' | 'tm', slot = 0) {
  const key = new Uint8Array(readFileSync(join(folder, `${direction}-${slot}.key`)));
  const made = association({ spi: spiOf(direction, slot), key });
  if (!made.ok) throw new Error(made.error.text);
  return made.value;
}

const clear = (data: Uint8Array) => {
  const frame = new Uint8Array(data.length + 7);
  writeTcFrame(frame, 0, data);
  return frame;
};
const COMMAND = Uint8Array.of(0x10, 0, 0xc0, 0, 0, 5, 0, 0, 0, 0, 4, 0);

describe('the ground end of a secured link', () => {
  it('seals each command under a number of its own, over restarts too', () => {
    const folder = keys();
    const numbers: bigint[] = [];
    for (let restart = 0; restart < 3; restart++) {
      const ground = opened(folder);
      for (let i = 0; i < 2; i++) {
        const sealed = ground.sealTc(clear(COMMAND));
        if (!sealed.ok) throw new Error(sealed.error.text);
        const found = openTcFrame(sealed.value, () => spacecraftKey(folder, 'tc'));
        expect(found.ok && Buffer.from(found.value.data)).toEqual(Buffer.from(COMMAND));
        numbers.push(readIv(sealed.value, 7));
      }
      ground.close();
    }
    expect(numbers).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
  });

  it('sends nothing when its counter is lost, damaged or cannot be stored', () => {
    const folder = keys();
    const counters = join(folder, 'ground-counters.bin');
    const bytes = readFileSync(counters);
    const ground = opened(folder);
    // A folder in the place of the temporary file: it can't be written.
    mkdirSync(`${counters}.tmp`);
    expect(codeOf(ground.sealTc(clear(COMMAND)))).toBe('KEYS_FILE');
    rmdirSync(`${counters}.tmp`);
    const sealed = ground.sealTc(clear(COMMAND));
    expect(sealed.ok && readIv(sealed.value, 7)).toBe(0n);
    ground.close();
    rmSync(counters);
    expect(codeOf(GroundSecurity.open(folder))).toBe('KEYS_FILE');
    bytes[9] ^= 1;
    writeFileSync(counters, bytes);
    expect(codeOf(GroundSecurity.open(folder))).toBe('SDLS_COUNTERS');
    expect(raiseGroundCounter(folder, 0, 7n).ok).toBe(true);
    const raised = opened(folder);
    const next = raised.sealTc(clear(COMMAND));
    expect(next.ok && readIv(next.value, 7)).toBe(7n);
    raised.useTcSlot(1);
    expect(codeOf(raised.sealTc(clear(COMMAND)))).toBe('SDLS_COUNTER_UNKNOWN');
    raised.close();
  });

  it('sends under another slot when told, and refuses one without a key', () => {
    const folder = keys();
    const ground = opened(folder);
    expect(codeOf(ground.useTcSlot(7))).toBe('KEYS_FILE');
    ground.useTcSlot(1);
    const sealed = ground.sealTc(clear(COMMAND));
    expect(sealed.ok && [...sealed.value.subarray(5, 7)]).toEqual([0, 3]);
    ground.close();
  });

  it('refuses a command that does not fit with its security fields', () => {
    const ground = opened(keys());
    expect(codeOf(ground.sealTc(clear(new Uint8Array(988))))).toBe('TC_TOO_LONG');
    expect(codeOf(ground.sealTc(clear(new Uint8Array(987))))).toBe('ok');
    expect(codeOf(ground.sealTc(new Uint8Array(3)))).toBe('TC_TOO_SHORT');
    ground.close();
  });

  it('hears sealed telemetry, refuses replays over restarts, and what is not sealed at all', () => {
    const folder = keys();
    const key = spacecraftKey(folder, 'tm');
    const frames: Uint8Array[] = [];
    let iv = 5000n;
    const framer = new TmFramer({
      protection: { headerLength: 14, trailerLength: 16, seal: (frame) => sealTmFrame(frame, key, iv++).ok },
      onFrame: (frame) => frames.push(frame.slice()),
    });
    const plain: Uint8Array[] = [];
    const unsealed = new TmFramer({ onFrame: (frame) => plain.push(frame.slice()) });
    const packet = new Uint8Array(400);
    writeSpacePacketHeader(packet, 0, { type: 'telemetry', apid: 2, sequence: 0, dataLength: 394 });
    for (let i = 0; i < 10; i++) {
      framer.add(packet);
      unsealed.add(packet);
    }
    const faults: string[] = [];
    let heard = 0;
    const listen = (ground: GroundSecurity, sent: readonly Uint8Array[]) => {
      const deframer = new TmDeframer({
        open: ground.openTm,
        onPacket: () => void heard++,
        // The search through a refused frame meets what looks like a header now and then: keys are random here.
        onFault: ({ code }) => void (code !== 'TM_CRC' && faults.push(code)),
      });
      for (const frame of sent) deframer.push(frame);
    };
    const ground = opened(folder);
    listen(ground, frames);
    expect(faults).toEqual([]);
    expect(heard).toBe(Math.floor((frames.length * 986) / 400));
    // A killed process closes nothing.
    const again = opened(folder);
    listen(again, frames);
    expect(faults).toEqual(frames.map(() => 'SDLS_REPLAY'));
    listen(again, plain);
    // The head of a packet of APID 2 reads as SPI 2: then it is the MAC that is wrong.
    const unprotected = faults.slice(frames.length);
    expect(unprotected.length).toBe(plain.length);
    for (const code of unprotected) expect(code).toMatch(/^SDLS_(SPI|MAC)$/);
    expect(heard).toBe(Math.floor((frames.length * 986) / 400));
    ground.close();
    again.close();
  });
});

import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { writeTcFrame } from '../../../fsw/protocols';
import {
  COUNTER_FILE,
  fingerprintOf,
  keyFile,
  openTmFrame,
  RESERVE_FILE,
  readIv,
} from '../../../fsw/protocols/sdls';
import { linkSecurity } from './linkSecurity';
import {
  altered,
  COMMAND,
  groundAssociation,
  keyOf,
  provisioned,
  securedTc,
  TestStorage,
  unsealedTm,
} from './testLink';

async function securityBench(storage: TestStorage, config = {}) {
  const b = await bench(linkSecurity, { config, board: { storage } });
  return {
    ...b,
    open: (frame: Uint8Array) => b.in.open({ frame }),
    seal: () => {
      const frame = unsealedTm();
      return { sent: b.in.seal({ frame }), frame };
    },
    codes: (name: string) => b.events.filter((event) => event.name === name).map(({ args }) => args.code),
    names: () => b.events.map(({ name }) => name),
  };
}

/** COMMAND in a frame without security. */
function clearTc(): Uint8Array {
  const into = new Uint8Array(64);
  const end = writeTcFrame(into, 0, COMMAND);
  if (!end.ok) throw new Error(end.error.text);
  return into.slice(0, end.value);
}

describe('linkSecurity', () => {
  it('PGE-LSEC-001: opens authentic, new TC frames and refuses all others, each with a code and a count', async () => {
    const b = await securityBench(provisioned());
    expect(b.open(securedTc(0))).toEqual(Buffer.from(COMMAND));
    const bad = [
      securedTc(0),
      altered(securedTc(1), 25),
      altered(securedTc(1), 2, 4),
      securedTc(1, 1),
      clearTc(),
      securedTc(1, 0, new Uint8Array(30)),
      securedTc(1).fill(0x30, 0, 1),
    ];
    for (const frame of bad) expect(b.open(frame)).toBeUndefined();
    expect(b.codes('FrameRefused')).toEqual([
      'SDLS_REPLAY',
      'SDLS_MAC',
      'SDLS_MAC',
      'SDLS_SPI',
      'SDLS_SHORT',
      'SDLS_CONTENT',
      'TC_SERVICE',
    ]);
    expect(b.telemetry).toMatchObject({
      TcOpened: 1,
      TcReplayed: 1,
      TcForged: 2,
      TcUnknownSpi: 1,
      TcOtherwiseRefused: 3,
    });
    expect(b.open(securedTc(2))).toBeDefined();
  });

  it('PGE-LSEC-002: seals TM frames, each under its own number, and asks the framer for 14 and 16 bytes', async () => {
    const b = await securityBench(provisioned());
    expect(b.in.room({})).toEqual({ headerLength: 14, trailerLength: 16 });
    const frames = [b.seal(), b.seal()];
    expect(frames.map(({ sent }) => sent)).toEqual([true, true]);
    expect(frames.map(({ frame }) => readIv(frame, 8))).toEqual([0n, 1n]);
    for (const { frame } of frames) expect(openTmFrame(frame, () => groundAssociation('tm')).ok).toBe(true);
    expect(b.telemetry).toMatchObject({ TmSealed: 2, CounterWrites: 1 });
  });

  it('PGE-LSEC-003: says at boot whether the link is secured, or off', async () => {
    const on = await securityBench(provisioned());
    expect(on.events.map(({ text, severity }) => [severity, text])).toEqual([
      [
        'activity-high',
        'link secured: TC slot 0 AUTHENTICATED_ENCRYPTION, TM slot 0 AUTHENTICATED_ENCRYPTION',
      ],
    ]);
    const off = await securityBench(provisioned(), { mode: 'CLEAR' });
    expect(off.events.map(({ name, severity }) => [severity, name])).toEqual([
      ['warning-high', 'LinkSecurityOff'],
    ]);
    expect(off.in.room({})).toEqual({ headerLength: 0, trailerLength: 0 });
    expect(off.open(clearTc())).toEqual(COMMAND);
    const { sent, frame } = off.seal();
    expect([sent, frame]).toEqual([true, unsealedTm()]);
    expect(off.telemetry.Mode).toBe('CLEAR');
  });

  it('PGE-LSEC-009: without keys it refuses TC and says what to do; TM goes in clear only if there never were any', async () => {
    const bare = await securityBench(new TestStorage());
    expect(bare.names()).toEqual(['LinkKeysMissing', 'LinkKeysMissing']);
    expect(bare.events[0].text).toContain('perigee keys make');
    expect(bare.open(securedTc(0))).toBeUndefined();
    expect(bare.open(clearTc())).toBeUndefined();
    expect(bare.in.room({})).toEqual({ headerLength: 0, trailerLength: 0 });
    expect(bare.seal()).toEqual({ sent: true, frame: unsealedTm() });

    const lostKey = await securityBench(provisioned([keyFile('tm', 0)]));
    expect(lostKey.names()).toEqual(['LinkKeysMissing', 'LinkSecurityOn']);
    expect(lostKey.seal().sent).toBe(false);
    expect(lostKey.codes('FrameNotSealed')).toEqual(['SDLS_NO_KEY']);
    expect(lostKey.open(securedTc(0))).toBeDefined();
  });

  it('PGE-LSEC-010: changes a key by command, once the command has been answered', async () => {
    const b = await securityBench(provisioned());
    b.command('ACTIVATE_KEY', { direction: 'TM', slot: 1 });
    b.command('ACTIVATE_KEY', { direction: 'TC', slot: 1 });
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'OK']);
    expect(b.seal().frame[7]).toBe(2);
    await b.advance(1e6);
    expect(b.seal().frame[7]).toBe(4);
    expect(b.events.filter(({ name }) => name === 'KeyActivated').map(({ text }) => text)).toEqual([
      `TM key slot 1 (SPI 4, key ${fingerprintOf(keyOf('tm', 1))}) is active`,
      `TC key slot 1 (SPI 3, key ${fingerprintOf(keyOf('tc', 1))}) is active`,
    ]);
    expect(b.telemetry).toMatchObject({ TcSlot: 1, TmSlot: 1 });
    for (const slot of [1, 3, 9]) b.command('ACTIVATE_KEY', { direction: 'TC', slot });
    expect(b.responses.slice(2).map(({ status }) => status)).toEqual(Array(3).fill('VALIDATION_ERROR'));
  });

  it('says so when a key that was there at the command is gone at the change', async () => {
    const storage = provisioned();
    const b = await securityBench(storage);
    b.command('ACTIVATE_KEY', { direction: 'TC', slot: 1 });
    storage.files.delete(keyFile('tc', 1));
    await b.advance(1e6);
    expect(b.names()).toContain('KeyNotActivated');
    expect(b.telemetry.TcSlot).toBe(0);
  });

  it('PGE-LSEC-011: reports the slots asked for, and refuses a range that runs backwards or out of the slots', async () => {
    const b = await securityBench(provisioned([keyFile('tc', 2)]));
    b.open(securedTc(4));
    b.command('KEY_INVENTORY', { direction: 'TC', first: 0, last: 3 });
    const slots = b.events.filter(({ name }) => name === 'KeyInventory').map(({ args }) => args);
    expect(slots.map(({ slot, spi, state, next }) => [slot, spi, state, next])).toEqual([
      [0, 1, 'ACTIVE', 5n],
      [1, 3, 'READY', 0n],
      [2, 5, 'EMPTY', 0n],
      [3, 7, 'RESERVE', 0n],
    ]);
    const before = b.events.length;
    for (const [first, last] of [
      [3, 2],
      [1, 0],
      [0, 4],
      [255, 255],
      [0, 255],
    ])
      b.command('KEY_INVENTORY', { direction: 'TC', first, last });
    expect(b.responses.slice(1).map(({ status }) => status)).toEqual(Array(5).fill('VALIDATION_ERROR'));
    expect(b.events.length).toBe(before);
  });

  it('PGE-LSEC-012: sets and keeps the window of a secured link, and refuses it in clear or out of range', async () => {
    const storage = provisioned();
    const b = await securityBench(storage);
    b.command('SET_WINDOW', { window: 3 });
    for (const window of [0, 0xffff_ffff]) b.command('SET_WINDOW', { window });
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'VALIDATION_ERROR', 'VALIDATION_ERROR']);
    const again = await securityBench(storage);
    expect(again.open(securedTc(3))).toBeUndefined();
    expect(again.open(securedTc(2))).toBeDefined();

    const off = await securityBench(provisioned(), { mode: 'CLEAR' });
    off.command('SET_WINDOW', { window: 3 });
    off.command('ACTIVATE_KEY', { direction: 'TC', slot: 1 });
    off.command('KEY_INVENTORY', { direction: 'TC', first: 0, last: 1 });
    off.command('RAISE_COUNTER', { direction: 'TC', slot: 0, next: 4n });
    expect(off.responses.map(({ status }) => status)).toEqual(Array(4).fill('VALIDATION_ERROR'));
  });

  it('PGE-LSEC-013: says when counters or keys are lost or unusable, and takes the word of the operator', async () => {
    const storage = provisioned([COUNTER_FILE]);
    storage.files.set(keyFile('tm', 2), new Uint8Array(64));
    const b = await securityBench(storage);
    expect(b.names()).toEqual(['KeyUnusable', 'CountersLost', 'LinkSecurityOn']);
    expect(b.events[0].text).toBe('SDLS_NO_KEY: tm key slot 2: a key has 64 bytes, 32 needed (raw, not hex)');
    expect(b.seal().sent).toBe(false);
    expect(b.open(securedTc(0))).toBeUndefined();
    expect(b.open(securedTc(0, 3))).toBeDefined();
    expect(b.seal()).toMatchObject({ sent: true });
    b.command('SET_WINDOW', { window: 3 });
    b.command('RAISE_COUNTER', { direction: 'TC', slot: 0, next: 10n });
    b.command('ACTIVATE_KEY', { direction: 'TC', slot: 0 });
    await b.advance(1e6);
    expect(b.responses.map(({ status }) => status)).toEqual(['VALIDATION_ERROR', 'OK', 'OK']);
    expect(b.open(securedTc(9))).toBeUndefined();
    expect(b.open(securedTc(10))).toBeDefined();
    const both = await securityBench(provisioned([COUNTER_FILE, RESERVE_FILE]));
    expect(both.names()).toEqual(['CountersLost', 'ReserveLost', 'LinkSecurityOn']);
  });

  it('PGE-LSEC-014: can authenticate without encrypting, put the whole header under the MAC, and skip a segment header', async () => {
    const signed = await securityBench(provisioned(), { tmService: 'AUTHENTICATION', headerMask: 'WHOLE' });
    const { frame } = signed.seal();
    expect(frame.subarray(20, -18)).toEqual(unsealedTm().subarray(20, -18));
    const association = { ...groundAssociation('tm', 0, 'authentication'), mask: 'whole' as const };
    expect(openTmFrame(frame, () => association).ok).toBe(true);
    frame[5] ^= 1;
    expect(openTmFrame(frame, () => association).ok).toBe(false);
    // The frame is sealed with the standard mask here: under the whole one its MAC is wrong.
    expect(signed.open(securedTc(0))).toBeUndefined();
    const segmented = await securityBench(provisioned(), { segmentHeader: 1 });
    expect(segmented.open(securedTc(0))).toBeUndefined();
    expect(segmented.codes('FrameRefused')).toEqual(['SDLS_SPI']);
    expect(segmented.open(securedTc(0, 0, COMMAND, { segmentHeader: 0xc5 }))).toEqual(Buffer.from(COMMAND));
  });

  it('PGE-LSEC-015: reports ten refusals of an attack, counts all, and reports again after a good frame', async () => {
    const b = await securityBench(provisioned());
    const forged = altered(securedTc(0), 30);
    for (let i = 0; i < 100; i++) b.open(forged);
    expect(b.codes('FrameRefused').length).toBe(10);
    expect(b.telemetry.TcForged).toBe(100);
    b.open(securedTc(0));
    b.open(forged);
    expect(b.codes('FrameRefused').length).toBe(11);
  });
});

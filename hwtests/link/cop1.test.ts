import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../fsw/framework/simulatedClock';
import { clcwWord, readClcw } from '../../fsw/protocols/clcw';
import { Farm1, setVrCommand, type TcFrame, unlockCommand } from '../../fsw/protocols/farm';
import { Fop1 } from '../../fsw/protocols/fop';
import { writeSpacePacketHeader } from '../../fsw/protocols/spacePacket';
import { TcDeframer, writeTcFrame } from '../../fsw/protocols/tcFrame';
import { TmDeframer } from '../../fsw/protocols/tmDeframer';
import { TmFramer } from '../../fsw/protocols/tmFrame';

const CHANNEL = 1;
const DELAY_US = 200_000;
const TM_PERIOD_US = 100_000;
const TIMEOUT_US = 1_000_000;
const ad = (sequence: number): TcFrame => ({
  bypass: false,
  control: false,
  sequence,
  data: Uint8Array.of(1),
});
const bc = (data: Uint8Array): TcFrame => ({ bypass: true, control: true, sequence: 0, data });
const report = (farm: Farm1) => readClcw(farm.clcw);

function seeded(seed: number) {
  let state = seed | 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * Ground and spacecraft with real frames in both directions through the project's own framers, `delay` apart,
 * each frame lost with probability `loss`; TM frames run all the time, as with idle fill.
 */
function link(loss: number, seed: number, options: { window?: number; transmissionLimit?: number } = {}) {
  const clock = new SimulatedClock();
  const random = seeded(seed);
  const delivered: number[] = [];
  const alerts: string[] = [];
  let accepted = 0;
  const farm = new Farm1({ channelId: CHANNEL });
  const spacecraft = new TcDeframer({ farm, onData: (data) => delivered.push((data[0] << 8) | data[1]) });
  const ground = new TmDeframer({
    onPacket: () => undefined,
    onOcf: (word) => {
      const clcw = readClcw(word);
      if (clcw) fop.hear(clcw);
    },
  });
  const travel = (bytes: Uint8Array, arrive: (bytes: Uint8Array) => void) => {
    if (random() < loss) return;
    clock.after(DELAY_US, () => arrive(bytes));
  };
  const framer = new TmFramer({
    ocf: () => farm.clcw,
    onFrame: (frame) => travel(frame.slice(), (bytes) => ground.push(bytes)),
  });
  const fop = new Fop1({
    clock,
    timeoutUs: TIMEOUT_US,
    ...options,
    send: ({ data, ...service }) => {
      const into = new Uint8Array(64);
      const end = writeTcFrame(into, 0, data, {}, service);
      if (end.ok) travel(into.slice(0, end.value), (bytes) => spacecraft.push(bytes));
    },
    onAccepted: (count) => {
      accepted += count;
    },
    onAlert: ({ code }) => alerts.push(code),
  });
  clock.every(TM_PERIOD_US, () => framer.idle());
  return {
    fop,
    farm,
    delivered,
    alerts,
    accepted: () => accepted,
    submit: (n: number) => fop.submit(Uint8Array.of(n >> 8, n & 0xff)),
    run: (seconds: number) => clock.run(clock.nowUs() + seconds * 1e6, () => undefined),
  };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('COP-1', () => {
  it.each([0, 0.1, 0.3, 0.5])(
    'delivers every frame exactly once and in order, with %d of all frames lost',
    async (loss) => {
      const l = link(loss, 7, { transmissionLimit: 100 });
      l.fop.initiate();
      await l.run(60);
      for (const n of upTo(600)) l.submit(n);
      await l.run(4000);
      expect(l.delivered).toEqual(upTo(600));
      expect([l.accepted(), l.fop.pending, l.alerts]).toEqual([600, 0, []]);
    },
  );

  it('holds for any loss, window and start of the spacecraft', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 0.6, noNaN: true }),
        fc.integer({ min: 1, max: 64 }),
        fc.nat(255),
        fc.nat(),
        async (loss, window, vr, seed) => {
          const l = link(loss, seed, { window, transmissionLimit: 1000 });
          l.fop.initiate({ with: 'set-vr', vr });
          for (const n of upTo(150)) l.submit(n);
          await l.run(4000);
          expect(l.delivered).toEqual(upTo(150));
          expect(l.accepted()).toBe(150);
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('gives up after its limit, says so, and keeps what is not known to be accepted', async () => {
    const broken = link(1, 3, { transmissionLimit: 4 });
    broken.fop.initiate();
    for (const n of upTo(5)) broken.submit(n);
    await broken.run(60);
    expect(broken.alerts).toEqual(['COP1_LIMIT']);
    expect(broken.submit(9)).toMatchObject({ error: { code: 'COP1_NOT_ACTIVE' } });
    expect(broken.fop.pending).toBe(5);
    expect(broken.fop.terminate().length).toBe(5);
    expect(broken.fop.pending).toBe(0);
  });

  it('after an alert, initiated again, sends nothing twice that the spacecraft has', async () => {
    const l = link(0, 1, { window: 8 });
    l.fop.initiate();
    await l.run(1);
    for (const n of upTo(40)) l.submit(n);
    await l.run(0.3);
    l.farm.judge(ad((l.delivered.length + 100) & 0xff));
    await l.run(5);
    expect(l.alerts).toEqual(['COP1_LOCKOUT']);
    l.fop.initiate({ with: 'unlock' });
    await l.run(10);
    expect(l.delivered).toEqual(upTo(40));
    expect(l.accepted()).toBe(40);
  });
});

describe('Farm1', () => {
  it('takes the expected number, asks again for a later one, ignores an earlier one, and locks out beyond its window', () => {
    const farm = new Farm1({ channelId: CHANNEL, window: 20 });
    expect([ad(0), ad(1), ad(0), ad(248)].map((frame) => farm.judge(frame))).toEqual([
      'deliver',
      'deliver',
      'discard',
      'discard',
    ]);
    expect(report(farm)).toMatchObject({ report: 2, retransmit: false, lockout: false });
    expect(farm.judge(ad(11))).toBe('discard');
    expect(report(farm)).toMatchObject({ report: 2, retransmit: true, lockout: false });
    expect(farm.judge(ad(2))).toBe('deliver');
    expect(report(farm)).toMatchObject({ report: 3, retransmit: false });
    expect(farm.judge(ad(13))).toBe('discard');
    expect(report(farm)).toMatchObject({ lockout: true });
    expect(farm.judge(ad(3))).toBe('discard');
  });

  it('is unlocked by Unlock alone, and counts type-B frames modulo 4', () => {
    const farm = new Farm1({ channelId: CHANNEL });
    farm.judge(ad(100));
    expect(farm.judge(bc(setVrCommand(9)))).toBe('done');
    expect(report(farm)).toMatchObject({ lockout: true, report: 0, farmB: 1 });
    expect(farm.judge(bc(unlockCommand))).toBe('done');
    expect(farm.judge(bc(setVrCommand(9)))).toBe('done');
    expect(report(farm)).toMatchObject({ lockout: false, report: 9, farmB: 3 });
    expect(farm.judge({ ...ad(0), bypass: true })).toBe('deliver');
    expect(report(farm)).toMatchObject({ farmB: 0 });
  });

  it('discards control commands that it does not know, and control frames of type A', () => {
    const farm = new Farm1({ channelId: CHANNEL });
    for (const data of [[], [1], [0, 0], [0x82, 0], [0x82, 1, 2]])
      expect(farm.judge(bc(Uint8Array.from(data)))).toBe('discard');
    expect(farm.judge({ ...ad(0), control: true })).toBe('discard');
    expect(report(farm)).toMatchObject({ farmB: 0, report: 0 });
  });
});

describe('the CLCW', () => {
  it('is read back as written; another type, version or COP is none', () => {
    const clcw = { channelId: 63, lockout: true, wait: false, retransmit: true, farmB: 2, report: 200 };
    expect(clcwWord(clcw)).toBe(0x01fc_2cc8);
    expect(readClcw(0x01fc_2cc8)).toEqual(clcw);
    for (const word of [0x8100_0000, 0x2100_0000, 0x0200_0000]) expect(readClcw(word)).toBeUndefined();
  });

  it('leaves packets and frames as they are: a ground that asks for none reads them', () => {
    const heard: number[] = [];
    const deframer = new TmDeframer({ frameLength: 64, onPacket: (packet) => heard.push(packet.length) });
    const framer = new TmFramer({
      frameLength: 64,
      ocf: () => 0x01fc_2cc8,
      onFrame: (f) => deframer.push(f),
    });
    for (const length of [40, 300, 8, 52]) {
      const packet = new Uint8Array(length);
      writeSpacePacketHeader(packet, 0, { type: 'telemetry', apid: 2, sequence: 0, dataLength: length - 6 });
      framer.add(packet);
    }
    framer.flush();
    expect(heard).toEqual([40, 300, 8, 52]);
  });
});

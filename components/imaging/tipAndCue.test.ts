/** The planner and the camera together, in simulated time. */
import { describe, expect, it } from 'vitest';
import { component, connect, defineComponent, input, instance, Log, type Place } from '../../fsw/framework';
import { eventText } from '../../fsw/framework/emitters';
import { memoryFiles } from '../../fsw/framework/memoryFiles';
import { trial } from '../../fsw/framework/testing';
import { decode, struct } from '../../fsw/framework/types';
import { capturePlanner } from './capturePlanner/capturePlanner';
import { highResCamera } from './highResCamera/highResCamera';
import { CaptureEnd, Strip } from './ports';
import { fakePushbroom } from './testImager';
import { NOON_S, PERIOD_S, polarEphemeris, tip } from './testPass';

const S = 1e6;
const CLEAR = [0.1, 0.1, 0.1, 0.1];
const CLOUDED = [0.9, 0.9, 0.9, 0.9];

function mission(targets: string, params: Record<string, number> = {}) {
  const heard: string[] = [];
  const logs: { id: number; args: Uint8Array }[] = [];
  const chain = component(
    defineComponent({
      kind: 'passive',
      doc: 'The rest of the chain: gives each strip back.',
      ports: { strip: input.sync(Strip), end: input.sync(CaptureEnd), log: input.sync(Log) },
    }),
    {
      ports: () => ({
        strip({ info, stack }) {
          heard.push(`${info.target} strip ${info.strip}`);
          stack.release();
        },
        end: ({ target, strips, height }) => void heard.push(`${target} end ${strips} ${height}`),
        log: ({ id, args }) => void logs.push({ id, args: args.slice() }),
      }),
    },
  );
  const planner = instance('planner', capturePlanner, { baseId: 0x100, config: { targets }, params });
  const camera = instance('camera', highResCamera, {
    baseId: 0x200,
    config: { stripLines: 12, stripKiB: 1, strips: 2, lineUs: 1000 },
  });
  const rest = instance('chain', chain, { baseId: 0x300 });
  const imager = fakePushbroom();
  const { deployment, clock, advance } = trial(
    {
      name: 'TipAndCue',
      instances: [planner, camera, rest] as never,
      connections: [
        connect(planner.out.orderOut, camera.in.orderIn),
        connect(camera.out.doneOut, planner.in.doneIn),
        connect(camera.out.stripOut, rest.in.strip),
        connect(camera.out.captureEndOut, rest.in.end),
      ],
      patterns: { events: rest.in.log },
    },
    { files: memoryFiles(2 ** 34), ephemeris: polarEphemeris(), pushbrooms: { highRes: imager } },
  );
  deployment.start();
  const send = (unit: string, end: string, args: unknown) =>
    deployment.units.get(unit)?.inlets.own[end][0].accept(args, undefined);
  clock.every(S, () => {
    send('planner', 'schedIn', { context: 0 });
    send('camera', 'schedIn', { context: 0 });
  });
  return {
    imager,
    heard,
    fly: (untilS: number) => advance(untilS * S - clock.nowUs()),
    tip: async (place: Place, clouds: number[]) => {
      send('planner', 'classifiedIn', tip(place, clock.nowUs() / S, clouds));
      await advance(0);
    },
    /** Events in words. */
    texts: () =>
      logs.map(({ id, args }) => {
        const entry = deployment.dictionary.events.find((event) => event.id === id);
        if (entry === undefined) return `event ${id}`;
        const values = decode(struct(entry.local, entry.args ?? {}), args);
        return values.ok ? eventText(entry, values.value as Record<string, unknown>) : values.error.text;
      }),
  };
}

describe('tip and cue', () => {
  it('a clear tip leads to an order, its strips and an answer', async () => {
    const { imager, heard, fly, tip: hear, texts } = mission('noon 0 179 5 5');
    await fly(100);
    await hear({ latDeg: 0, lonDeg: 179 }, CLEAR);
    await fly(NOON_S - 1);
    expect(imager.opened).toEqual([]);
    await fly(NOON_S + 5);
    expect(imager.opened).toEqual([{ latDeg: 0, lonDeg: 179 }]);
    expect(heard).toEqual(['noon strip 0', 'noon strip 1', 'noon strip 2', 'noon end 3 30']);
    expect(texts().at(-1)).toBe('noon: capture DONE, 3 strips');
    await fly(NOON_S + PERIOD_S + 5);
    expect(imager.opened).toHaveLength(1);
  });

  it('a clouded tip withholds the capture', async () => {
    const { imager, fly, tip: hear, texts } = mission('noon 0 179 5 5');
    await hear({ latDeg: 0, lonDeg: 179 }, CLEAR);
    await fly(300);
    await hear({ latDeg: 0, lonDeg: 179 }, CLOUDED);
    await fly(NOON_S + 60);
    expect(imager.opened).toEqual([]);
    expect(texts().at(-1)).toBe('noon: no capture: 90 % cloud in the wide field');
  });

  it('with the store exhausted the capture is refused for POWER', async () => {
    // Room for one capture (150 W for 4 s and a short turn), and nothing charges.
    const params = { CapacityJ: 1500, ReserveJ: 400, ChargeW: 0 };
    const { imager, fly, tip: hear, texts } = mission('first 0 179 5 5; second 6 179 5 5', params);
    await hear({ latDeg: 0, lonDeg: 179 }, CLEAR);
    await fly(NOON_S + 10);
    await hear({ latDeg: 6, lonDeg: 179 }, CLEAR);
    await fly(NOON_S + 200);
    expect(imager.opened).toEqual([{ latDeg: 0, lonDeg: 179 }]);
    expect(texts()).toContain('second: no capture: POWER: the store would fall below ReserveJ');
  });

  it('of two targets too far apart to turn between, the one of more priority is taken and the other on its next pass', async () => {
    const { imager, fly, tip: hear } = mission('west 0 178 5 2; east 0 -178 5 9');
    const [west, east] = [
      { latDeg: 0, lonDeg: 178 },
      { latDeg: 0, lonDeg: -178 },
    ];
    await hear(west, CLEAR);
    await hear(east, CLEAR);
    await fly(NOON_S + 60);
    expect(imager.opened).toEqual([east]);
    await fly(NOON_S + PERIOD_S + 60);
    expect(imager.opened).toEqual([east, west]);
  });
});

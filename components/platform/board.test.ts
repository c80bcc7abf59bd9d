import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ByteStream, component, defineComponent, input, output } from '../../fsw/framework';
import { deploy } from '../../fsw/framework/deployment';
import { defineTopology, instance, connect as wire } from '../../fsw/framework/topology';
import { writeSentinel2 } from '../../fsw/imagery/testTiff';
import type { LinkSpec } from '../../fsw/links';
import { openBoard } from './board';
import type { FlightBoard } from './flightBoard';
import { gstreamerAbsent } from './gstreamer/testGstreamer';
import { radioAdapter } from './radioAdapter/radioAdapter';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-board-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const configure = (config: unknown) =>
  writeFileSync(join(folder, 'flightBoard.json'), JSON.stringify(config));
const open = () =>
  openBoard({ seed: 3, orbits: 1, outDir: join(folder, 'out'), missionDir: folder, mission: 'test' });

const portOf = (spec: LinkSpec) => ('port' in spec ? spec.port : 0);

/** An active component that sends back what it hears, each byte plus one. */
const echo = component(
  defineComponent({
    kind: 'active',
    doc: 'Answers.',
    ports: { heard: input.async(ByteStream), answer: output(ByteStream) },
  }),
  { ports: ({ out }) => ({ heard: ({ data }) => void out.answer({ data: data.map((byte) => byte + 1) }) }) },
);

describe('openBoard of the flight board', () => {
  it('PGE-DRV-013: flies a topology without the simulator: a ground on TCP is answered, until told to stop', async () => {
    configure({
      imagers: { wideField: { folder: 'frames', width: 8, height: 4 } },
      link: 'tcp-server:127.0.0.1:0',
    });
    const opened = await open();
    if (!opened.ok) throw new Error(opened.error.text);
    const board = opened.value.board as FlightBoard;
    const radio = instance('radio', radioAdapter, { baseId: 0x100 });
    const responder = instance('responder', echo, { baseId: 0x200 });
    const topology = defineTopology({
      name: 'Bench',
      instances: [radio, responder],
      connections: [
        wire(radio.out.received, responder.in.heard),
        wire(responder.out.answer, radio.in.frameIn),
      ],
      patterns: {},
    });
    const deployed = deploy(topology, board);
    if (!deployed.ok) throw new Error(deployed.faults.map(({ text }) => text).join());
    deployed.value.start();
    let stopped = false;
    const flight = opened.value.fly(
      deployed.value,
      () => undefined,
      () => stopped,
    );
    const ground = connect(portOf(board.radio.spec), '127.0.0.1');
    ground.write(Uint8Array.of(1, 2, 3));
    const [answer] = (await once(ground, 'data')) as [Buffer];
    expect([...answer]).toEqual([2, 3, 4]);
    expect(board.ephemeris.contactAt(board.clock.nowUs())).toMatchObject({ station: 'bench' });
    expect(opened.value.notice).toMatch(/^link tcp-server:.*\nclock: /);
    stopped = true;
    await flight;
    ground.destroy();
  });

  it('PGE-DRV-013: has pictures, storage and host figures behind the interface of the board', async () => {
    const picture = {
      create: { width: 9, height: 9, channels: 3, background: { r: 1, g: 2, b: 3 } },
    } as const;
    await sharp(picture).png().toFile(join(folder, 'one.png'));
    configure({
      imagers: { wideField: { folder: '.', width: 2, height: 2 } },
      link: 'tcp-server:127.0.0.1:0',
    });
    const opened = await open();
    if (!opened.ok) throw new Error(opened.error.text);
    const board = opened.value.board as FlightBoard;
    const pixels = new Uint8Array(12);
    expect((await board.imagers.wideField.capture(pixels)).ok).toBe(true);
    expect([...pixels.subarray(0, 3)]).toEqual([1, 2, 3]);
    expect(board.storage.write('x', Uint8Array.of(1)).ok).toBe(true);
    expect(board.host.sample().memoryMiB).toBeGreaterThan(1);
    expect([board.seed, board.ephemeris.contactAt(0)]).toEqual([3, undefined]);
    await board.radio.close();
  });

  const reason = gstreamerAbsent();
  if (reason) console.warn(`SKIPPED PGE-DRV-015, a camera behind GStreamer: ${reason}`);
  it.skipIf(reason !== undefined)(
    'PGE-DRV-015: has a camera behind GStreamer, which is let go at the end of the flight',
    async () => {
      const wideField = { pipeline: 'videotestsrc is-live=true pattern=white', width: 8, height: 4 };
      configure({ imagers: { wideField }, link: 'tcp-server:127.0.0.1:0' });
      const opened = await open();
      if (!opened.ok) throw new Error(opened.error.text);
      const { wideField: camera } = opened.value.board.imagers;
      const pixels = new Uint8Array(96);
      expect((await camera.capture(pixels)).ok).toBe(true);
      expect(new Set(pixels)).toEqual(new Set([255]));
      const deployed = deploy(
        defineTopology({ name: 'Bench', instances: [], connections: [], patterns: {} }),
        opened.value.board,
      );
      if (!deployed.ok) throw new Error(deployed.faults.map(({ text }) => text).join());
      deployed.value.start();
      await opened.value.fly(
        deployed.value,
        () => undefined,
        () => true,
      );
      expect(await camera.capture(pixels)).toMatchObject({ error: { code: 'CAMERA_PIPELINE' } });
    },
  );

  it.each([
    [{}, 'there is no link kind undefined'],
    [{ link: 'tcp-server:127.0.0.1' }, 'tcp-server needs HOST:PORT'],
    [
      { imagers: { wideField: { folder: 'x', width: 0, height: 4 } }, link: 'tcp-server:127.0.0.1:0' },
      'imagers.wideField needs width and height, and either folder or pipeline',
    ],
    [{ imagers: { wideField: null }, link: 'tcp-server:127.0.0.1:0' }, 'imagers.wideField needs width'],
    [
      { imagers: { wideField: { pipeline: 'a', folder: 'x', width: 4, height: 4 } } },
      'either folder or pipeline',
    ],
    [{ imagers: { wideField: { pipeline: "a 'b", width: 4, height: 4 } } }, 'a quote is not closed'],
    [{ imagers: { wideField: { pipeline: 'a', width: 4, height: 4, deadlineMs: 0 } } }, 'has a deadline'],
    [
      { pushbrooms: { highRes: {} }, link: 'tcp-server:127.0.0.1:0' },
      'pushbrooms.highRes needs folder, and linesPerSecond above 0',
    ],
    [
      { pushbrooms: { highRes: { folder: 'x', linesPerSecond: 0 } }, link: 'tcp-server:127.0.0.1:0' },
      'highRes needs',
    ],
    [{ realTime: 1, link: 'tcp-server:127.0.0.1:0' }, 'realTime is neither true nor false'],
    [null, 'there is no link kind'],
  ])('PGE-DRV-014: refuses the file %j and says what it needs', async (config, why) => {
    configure(config);
    expect(await open()).toMatchObject({
      error: { code: 'BOARD_CONFIG', text: expect.stringContaining(why) },
    });
  });

  it('PGE-DRV-050: flies the scenes of the folder that the file names, from the mission', async () => {
    writeSentinel2(join(folder, 'scenes'));
    configure({ pushbrooms: { highRes: { folder: 'scenes' } }, link: 'tcp-server:127.0.0.1:0' });
    const flight = await open();
    if (!flight.ok) throw new Error(flight.error.text);
    const board = flight.value.board as FlightBoard;
    const swath = await board.pushbrooms?.highRes.open();
    expect(swath).toMatchObject({ value: { width: 60, lines: 48 } });
    if (swath?.ok) swath.value.close();
    await board.radio.close();
    board.clock.release();
  });

  it('PGE-DRV-014: names the file that is missing or is no JSON', async () => {
    const file = join(folder, 'flightBoard.json');
    expect(await open()).toMatchObject({
      error: { code: 'BOARD_CONFIG', text: expect.stringContaining(file) },
    });
    writeFileSync(file, '{ radio');
    expect(await open()).toMatchObject({ error: { code: 'BOARD_CONFIG' } });
  });
});

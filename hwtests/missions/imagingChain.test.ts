/** The high-resolution chain in one piece: strips of a made-up scene in, vessels with their places out. */
import proj4 from 'proj4';
import { describe, expect, it } from 'vitest';
import { bandAligner } from '../../components/imaging/bandAligner/bandAligner';
import { cloudMasker } from '../../components/imaging/cloudMasker/cloudMasker';
import { landCover } from '../../components/imaging/landCover/landCover';
import { AnalysedStrip, CaptureEnd, Strip } from '../../components/imaging/ports';
import { ledger, type Scene, sea, stackOf, stripInfo } from '../../components/imaging/testStrips';
import { lightFinder } from '../../components/imaging/vesselDetector/testNetwork';
import { vesselDetector } from '../../components/imaging/vesselDetector/vesselDetector';
import { InferRequest, InferResult } from '../../components/payload/ports';
import {
  type Arguments,
  component,
  connect,
  defineComponent,
  defineTopology,
  input,
  instance,
  output,
  pixelPlace,
  U32,
} from '../../fsw/framework';
import { trial } from '../../fsw/framework/testing';

const UTM_18N = '+proj=utm +zone=18 +datum=WGS84 +units=m';
/** Upper left of the capture, and its size in pixels of 10 m. */
const [LEFT, TOP, WIDTH, HEIGHT] = [440_000, 4_175_000, 700, 1000];
const STRIP = 384;

const source = component(
  defineComponent({
    kind: 'passive',
    doc: 'Stands for the camera.',
    ports: { stripOut: output(Strip), captureEndOut: output(CaptureEnd) },
  }),
  {},
);

/** Answers as three networks would, after some flight time; of the requests of a model, every `failEvery`th fails. */
const networks = component(
  defineComponent({
    kind: 'active',
    doc: 'Stands for inference.',
    ports: { request: input.async(InferRequest, 3), result: output(InferResult, 3) },
    config: { failEvery: { type: U32, default: 0, doc: 'Of a hundred, which fail.' } },
  }),
  {
    state: () => ({ asked: 0 }),
    ports: ({ state, out, clock, config }) => ({
      async request({ ticket, model, count, input: items }, client) {
        await clock.work(Promise.resolve(), 10_000);
        if (config.failEvery > 0 && ++state.asked % config.failEvery === 0) {
          out.result[client]({
            ticket,
            status: state.asked % 2 ? 'BUSY' : 'FAILED',
            redone: false,
            outputs: {},
          });
          return;
        }
        const outputs = answer(model, items, count);
        out.result[client]({ ticket, status: 'OK', redone: false, outputs });
      },
    }),
  },
);

function answer(model: string, items: Float32Array, count: number): Record<string, Float32Array> {
  if (model === 'cloud-mask') return { cloud: new Float32Array(count * 96 * 96) };
  if (model === 'land-cover') return { probabilities: new Float32Array(count * 10).fill(0.1) };
  return lightFinder(items, count);
}

const sink = component(
  defineComponent({
    kind: 'passive',
    doc: 'Stands for the products.',
    ports: { analysedIn: input.sync(AnalysedStrip), captureEndIn: input.sync(CaptureEnd) },
  }),
  {
    ports: () => ({
      analysedIn: ({ stack }) => stack.release(),
      captureEndIn: () => undefined,
    }),
  },
);

/** Lights on a grid of 37 pixels, a little off its nodes, so that they lie on every border sometime. */
function targets(): [number, number][] {
  const places: [number, number][] = [];
  for (let row = 0; row * 37 < HEIGHT - 8; row++)
    for (let column = 0; column * 37 < WIDTH - 8; column++)
      places.push([4 + column * 37 + ((row * 3) % 8) / 8, 4 + row * 37 + ((column * 5) % 8) / 8]);
  return places;
}

function sceneWith(places: readonly (readonly [number, number])[]): Scene {
  const cells = new Map<string, (readonly [number, number])[]>();
  for (const place of places)
    for (const [dx, dy] of [
      [-5, -5],
      [5, -5],
      [-5, 5],
      [5, 5],
    ]) {
      const key = `${Math.floor((place[0] + dx) / 16)} ${Math.floor((place[1] + dy) / 16)}`;
      const list = cells.get(key) ?? [];
      if (!list.includes(place)) list.push(place);
      cells.set(key, list);
    }
  return (name, x, y) => {
    const near = cells.get(`${Math.floor(x / 16)} ${Math.floor(y / 16)}`) ?? [];
    const light = near.reduce((sum, [px, py]) => sum + Math.exp(-((x - px) ** 2 + (y - py) ** 2) / 2), 0);
    return sea(name, x, y) + (['red', 'green', 'blue'].includes(name) ? 0.2 * light : 0);
  };
}

/** The view of a strip of a picture that is gridded in UTM: heading and scale of its middle line on the frame's sphere. */
function viewOf(firstLine: number, height: number) {
  const at = (x: number) =>
    proj4(UTM_18N, 'WGS84', [LEFT + x * 10, TOP - (firstLine + height / 2) * 10]) as [number, number];
  const [[lonDeg, latDeg], [rightLon, rightLat]] = [at(WIDTH / 2), at(WIDTH)];
  const unit = { width: 0, height: 0, latDeg, lonDeg, gsdM: 1 };
  // Turned and stretched until the right edge's middle lies where it does.
  const east = (rightLon - lonDeg) * Math.cos((latDeg * Math.PI) / 180);
  let [headingDeg, gsdM] = [(Math.atan2(east, rightLat - latDeg) * 180) / Math.PI - 90, 10];
  for (let round = 0; round < 5; round++) {
    const end = pixelPlace({ ...unit, headingDeg, gsdM }, WIDTH / 2, 0);
    const [dx, dy] = [end.lonDeg - lonDeg, end.latDeg - latDeg];
    const [wx, wy] = [rightLon - lonDeg, rightLat - latDeg];
    gsdM *= Math.hypot(wx, wy) / Math.hypot(dx, dy);
    headingDeg += ((Math.atan2(dy, dx) - Math.atan2(wy, wx)) * 180) / Math.PI;
  }
  return { latDeg, lonDeg, headingDeg, gsdM };
}

async function fly(scene: Scene, failEvery = 0) {
  const camera = instance('camera', source, { baseId: 0x1000 });
  const align = instance('align', bandAligner, { baseId: 0x1100 });
  const mask = instance('mask', cloudMasker, { baseId: 0x1200, queueDepth: 16 });
  const cover = instance('cover', landCover, { baseId: 0x1300, queueDepth: 16 });
  const vessels = instance('vessels', vesselDetector, { baseId: 0x1400, queueDepth: 16 });
  const inference = instance('inference', networks, { baseId: 0x1500, queueDepth: 8, config: { failEvery } });
  const products = instance('products', sink, { baseId: 0x1600 });
  const strips: Arguments<typeof AnalysedStrip>[] = [];
  const order: string[] = [];
  const hear = (name: string) => (args: unknown) => {
    order.push(name);
    if (name === 'strip') strips.push(args as Arguments<typeof AnalysedStrip>);
  };
  const topology = defineTopology({
    name: 'Imaging',
    instances: [camera, align, mask, cover, vessels, inference, products],
    connections: [
      connect(camera.out.stripOut, align.in.stripIn),
      connect(camera.out.captureEndOut, align.in.captureEndIn),
      connect(align.out.stripOut, mask.in.stripIn),
      connect(align.out.captureEndOut, mask.in.captureEndIn),
      connect(mask.out.screenedOut, cover.in.screenedIn),
      connect(mask.out.captureEndOut, cover.in.captureEndIn),
      connect(cover.out.mappedOut, vessels.in.mappedIn),
      connect(cover.out.captureEndOut, vessels.in.captureEndIn),
      connect(vessels.out.analysedOut, products.in.analysedIn),
      connect(vessels.out.captureEndOut, products.in.captureEndIn),
      ...[mask, cover, vessels].flatMap((stage, client) => [
        connect(stage.out.infer, inference.in.request[client]),
        connect(inference.out.result[client], stage.in.inferred),
      ]),
    ],
    patterns: {},
  });
  const world = trial(
    topology,
    {},
    {
      taps: [
        { instance: 'vessels', end: 'analysedOut', hear: hear('strip') },
        { instance: 'vessels', end: 'captureEndOut', hear: hear('end') },
      ],
    },
  );
  world.deployment.start();
  const out = world.deployment.units.get('camera')?.targets as unknown as {
    stripOut(args: Arguments<typeof Strip>): void;
    captureEndOut(args: Arguments<typeof CaptureEnd>): void;
  };
  const book = ledger();
  for (let n = 0; n * STRIP < HEIGHT; n++) {
    const [firstLine, height] = [n * STRIP, Math.min(STRIP, HEIGHT - n * STRIP)];
    const info = stripInfo({ strip: n, firstLine, width: WIDTH, height, ...viewOf(firstLine, height) });
    out.stripOut({ info, stack: stackOf(info, scene, book) });
  }
  out.captureEndOut({ capture: 1, target: 'harbour', strips: 3, height: HEIGHT });
  await world.advance(60_000_000);
  await world.deployment.stop();
  return { strips, order, book };
}

describe('the high-resolution chain', () => {
  it('finds every target of a synthetic grid once, in the picture and on the ground within one pixel', async () => {
    const places = targets();
    const { strips, order, book } = await fly(sceneWith(places));
    expect(order).toEqual(['strip', 'strip', 'strip', 'end']);
    expect(book.wrong()).toBe(0);
    const found = strips.flatMap(({ vessels }) => vessels);
    expect(found).toHaveLength(places.length);
    const errors = places.map(([x, y]) => {
      const nearest = found.reduce((a, b) =>
        Math.hypot(a.x - x, a.y - y) < Math.hypot(b.x - x, b.y - y) ? a : b,
      );
      const [east, north] = proj4('WGS84', UTM_18N, [nearest.lonDeg, nearest.latDeg]) as [number, number];
      return {
        picture: Math.hypot(nearest.x - x, nearest.y - y),
        ground: Math.hypot(east - LEFT - x * 10, TOP - north - y * 10) / 10,
      };
    });
    expect(Math.max(...errors.map(({ picture }) => picture))).toBeLessThan(1);
    expect(Math.max(...errors.map(({ ground }) => ground))).toBeLessThan(1);
    expect(strips[0].map?.columns).toBe(10);
  });

  it('sends every strip on once and in order though every second or third question fails', async () => {
    for (const failEvery of [2, 3]) {
      const { strips, order, book } = await fly(sea, failEvery);
      expect(order).toEqual(['strip', 'strip', 'strip', 'end']);
      expect(strips.map(({ info }) => info.strip)).toEqual([0, 1, 2]);
      expect(book.wrong()).toBe(0);
    }
  });
});

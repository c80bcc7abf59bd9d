/** `npm run bench -- eyes`: the whole way of a picture, beside Python; and memory over many frames. */
import { median, type Row } from '../measure';
import { FORMATS, type Format, type Frames, makeFrames } from './frames';
import { memory } from './memory';
import { findPython, Peer } from './peer';
import { Eyes, NOT_KEPT } from './pipeline';

const SIDE = 1024;
const ROUNDS = 5;
/** Decoders may differ by a level, and int8 from float32 by half a point: no more tiles than this may be judged otherwise. */
const MAX_DISAGREEMENT = 0.005;

interface Run {
  readonly wall: number;
  readonly processor: number;
  readonly classes: Uint8Array;
}

/** Python's networks: each as it was trained, or the very files that fly. */
const YARDSTICKS = [
  { networks: 'the networks as trained, float32', ending: '', promised: true },
  { networks: 'the very int8 networks that fly', ending: '-int8', promised: false },
];

interface Trial {
  readonly format: Format;
  readonly eyes: Eyes;
  readonly peer: Peer;
  /** What Python ran. */
  readonly yardstick: string;
  readonly promised: boolean;
}

/**
 * Processor time of a megapixel, ours and Python's in turn. Processor time because on a shared machine the wall's says
 * little; Node's is of all its threads. The promise is of the chain that flies beside what one would write in Python with the
 * networks as they came from training. Beside the very files that fly, only what is around onnxruntime differs.
 */
async function perMegapixel(): Promise<Row[]> {
  const found = findPython();
  if ('reason' in found) {
    console.log(`eyes beside Python: skipped: ${found.reason}\n`);
    return [];
  }
  const frames = await makeFrames(SIDE);
  const eyes = await Eyes.open();
  try {
    const rows: Row[] = [];
    for (const { networks, ending, promised } of YARDSTICKS) {
      const peer = new Peer(found.python, ending);
      const { versions, batch } = await peer.tune(frames.files.jpeg);
      const yardstick = `${networks}; ${versions}, batches of ${batch}, one thread`;
      for (const format of FORMATS)
        rows.push(await compare({ format, eyes, peer, yardstick, promised }, frames));
      peer.close();
    }
    return rows;
  } finally {
    await eyes.close();
    frames.remove();
  }
}

async function compare({ format, eyes, peer, yardstick, promised }: Trial, frames: Frames): Promise<Row> {
  const files = frames.files[format];
  const pairs: { ours: Run; theirs: Run }[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const pair = { ours: await ourRun(eyes, files), theirs: await theirRun(peer, files) };
    if (round >= 0) pairs.push(pair);
  }
  const [{ ours, theirs }] = pairs;
  const alike = agreement(ours.classes, theirs.classes);
  if (alike < 1 - MAX_DISAGREEMENT)
    throw new Error(`eyes: only ${alike} of the tiles are judged alike: two answers, nothing to compare`);
  const kept = ours.classes.filter((tile) => tile !== NOT_KEPT).length / ours.classes.length;
  const show = (side: (pair: (typeof pairs)[0]) => Run) => {
    const ms = (of: (run: Run) => number) => (median(pairs.map(side).map(of)) / frames.megapixels) * 1e3;
    return `${ms((run) => run.processor).toFixed(1)} ms (wall ${ms((run) => run.wall).toFixed(1)})`;
  };
  const ratio = median(pairs.map((pair) => pair.theirs.processor / pair.ours.processor));
  return {
    what: `${format} → decode, tile, screen, classify, pack, as flown: processor time of a megapixel, ${percent(kept)} of tiles kept`,
    value: show((pair) => pair.ours),
    yardstick: `${yardstick}; ${percent(alike)} of tiles judged alike`,
    yardstickValue: show((pair) => pair.theirs),
    ratio: `${ratio.toFixed(2)} × its rate`,
    promise: promised ? '≥ 1.5 ×' : '',
    kept: promised ? ratio >= 1.5 : undefined,
  };
}

async function ourRun(eyes: Eyes, files: readonly string[]): Promise<Run> {
  const [start, used] = [process.hrtime.bigint(), process.cpuUsage()];
  const classes: Uint8Array[] = [];
  for (const [id, file] of files.entries()) classes.push((await eyes.frame(file, id)).classes);
  const { user, system } = process.cpuUsage(used);
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  return { wall, processor: (user + system) / 1e6, classes: Buffer.concat(classes) };
}

async function theirRun(peer: Peer, files: readonly string[]): Promise<Run> {
  const { wall, processor, classes } = await peer.run(files);
  return { wall, processor, classes: Buffer.from(classes, 'base64') };
}

/** The share of tiles that both judged alike. */
function agreement(ours: Uint8Array, theirs: Uint8Array): number {
  return ours.length === theirs.length
    ? ours.filter((tile, i) => tile === theirs[i]).length / ours.length
    : 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

export const eyes = [perMegapixel, memory];

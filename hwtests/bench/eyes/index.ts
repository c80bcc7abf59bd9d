/** `npm run bench -- eyes`: the whole way of a picture, beside Python; and memory over many frames. */
import { median, type Row } from '../measure';
import { FORMATS, makeFrames } from './frames';
import { memory } from './memory';
import { findPython, Peer } from './peer';
import { Eyes, NOT_KEPT } from './pipeline';

const SIDE = 1024;
const ROUNDS = 7;
/** Decoders may differ by a level; no more tiles than this may then be judged otherwise. */
const MAX_DISAGREEMENT = 0.005;

interface Run {
  readonly wall: number;
  readonly processor: number;
  readonly classes: Uint8Array;
}

/** Wall and processor time for each megapixel. Node's processor time is of all its threads. */
async function perMegapixel(): Promise<Row[]> {
  const found = findPython();
  if ('reason' in found) {
    console.log(`eyes beside Python: skipped: ${found.reason}\n`);
    return [];
  }
  const frames = await makeFrames(SIDE);
  const eyes = await Eyes.open();
  const peer = new Peer(found.python);
  try {
    const { batch, versions } = await peer.tune(frames.files.jpeg);
    const rows: Row[] = [];
    for (const format of FORMATS) {
      const files = frames.files[format];
      const pairs: { ours: Run; theirs: Run }[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const pair = { ours: await ourRun(eyes, files), theirs: await theirRun(peer, files) };
        if (round >= 0) pairs.push(pair);
      }
      const share = agreement(pairs[0].ours.classes, pairs[0].theirs.classes);
      const ms = (of: (pair: (typeof pairs)[0]) => number) =>
        (median(pairs.map(of)) / frames.megapixels) * 1e3;
      const ratio = median(pairs.map(({ ours, theirs }) => theirs.processor / ours.processor));
      const kept = pairs[0].ours.classes.filter((c) => c !== NOT_KEPT).length / pairs[0].ours.classes.length;
      rows.push({
        what: `${format} → decode, tile, screen, classify, pack: processor time of a megapixel, ${(kept * 100).toFixed(0)} % of tiles kept`,
        value: `${ms(({ ours }) => ours.processor).toFixed(1)} ms (wall ${ms(({ ours }) => ours.wall).toFixed(1)})`,
        yardstick: `${versions}, batches of ${batch}, one thread; ${(share * 100).toFixed(2)} % of tiles judged alike`,
        yardstickValue: `${ms(({ theirs }) => theirs.processor).toFixed(1)} ms (wall ${ms(({ theirs }) => theirs.wall).toFixed(1)})`,
        ratio: `${ratio.toFixed(2)} × its rate`,
        promise: '≥ 1.5 ×',
        kept: ratio >= 1.5,
      });
    }
    return rows;
  } finally {
    peer.close();
    await eyes.close();
    frames.remove();
  }
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

/** The share of tiles that both judged alike; a bench of two different answers would compare nothing. */
function agreement(ours: Uint8Array, theirs: Uint8Array): number {
  const alike = ours.filter((tile, i) => tile === theirs[i]).length / ours.length;
  if (ours.length !== theirs.length || alike < 1 - MAX_DISAGREEMENT)
    throw new Error(`eyes: only ${alike} of the tiles are judged alike`);
  return alike;
}

export const eyes = [perMegapixel, memory];
